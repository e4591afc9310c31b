// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 sum;  // 30
};
OBSERVED;

__attribute__((noinline)) int add(__u32 a, __u32 b) {
  asm volatile("");
  return a + b;
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (saw) saw->sum = add(10, 20);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
