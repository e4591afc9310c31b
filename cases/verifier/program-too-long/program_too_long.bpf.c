// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

// Instructions that clang cannot merge, and how to have many of them.
#define EIGHT(x) \
  asm volatile("%0 += 1; %0 ^= 2; %0 += 3; %0 ^= 4; %0 += 5; %0 ^= 6; %0 += 7; %0 ^= 8" : "+r"(x))
#define TIMES_8(statement) \
  statement;               \
  statement;               \
  statement;               \
  statement;               \
  statement;               \
  statement;               \
  statement;               \
  statement

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 x = bpf_ktime_get_ns();
  TIMES_8(TIMES_8(TIMES_8(EIGHT(x))));
  return x & 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
