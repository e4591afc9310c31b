// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

extern _Bool CONFIG_BPF_SYSCALL __kconfig;
extern _Bool CONFIG_NO_SUCH_SETTING __kconfig __weak;

struct observed {
  __u64 hits;
  __u32 bpf_syscall;
  __u32 missing;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->bpf_syscall = CONFIG_BPF_SYSCALL;
  saw->missing = !CONFIG_NO_SUCH_SETTING;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
