// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <bpf/bpf_helpers.h>

#include "vmlinux.h"

__u64 sum;

SEC("xdp")
int processed_too_much(void *ctx) {
  for (volatile int i = 0; i < 1000000; i++) sum += i;
  return 2;
}

char LICENSE[] SEC("license") = "GPL";
