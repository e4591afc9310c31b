// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int leaf(__u64 x) {
  volatile __u64 words[40];
  for (int i = 0; i < 40; i++) words[i] = x;
  return words[3];
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  volatile __u64 words[40];
  for (int i = 0; i < 40; i++) words[i] = bpf_ktime_get_ns();
  return leaf(words[5]) + words[7];
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
