// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 sum = 0;
#pragma clang loop unroll(disable)
  for (__u32 i = 0; i < 2000; i++) {
#pragma clang loop unroll(disable)
    for (__u32 j = 0; j < 2000; j++) {
      if (bpf_ktime_get_ns() & 1)
        sum += j;
      else
        sum ^= i;
    }
  }
  return sum;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
