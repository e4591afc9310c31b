// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The program itself is harmless. Writing "c" to /proc/sysrq-trigger while it is attached is not.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(void *ctx) {
  observe();
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
