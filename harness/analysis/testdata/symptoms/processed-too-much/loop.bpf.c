// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
__attribute__((naked)) int processed_too_much(void) {
  asm volatile("r1 = 0; again%=: r1 += 1; if r1 < 1000000 goto again%=; r0 = 2; exit" ::);
}

char LICENSE[] SEC("license") = "GPL";
