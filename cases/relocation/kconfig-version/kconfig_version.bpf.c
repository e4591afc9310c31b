// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

extern int LINUX_KERNEL_VERSION __kconfig;

struct observed {
  __u64 hits;
  __u32 version;  // 0x060147: 6.1.71
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (saw) saw->version = LINUX_KERNEL_VERSION;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
