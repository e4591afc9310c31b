// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

// Compilers take a dollar sign in a name, the kernel does not.
struct of$dollars {
  int amount;
} value;

SEC("struct_ops/undo")
__attribute__((naked)) int undo(void) { asm volatile("r0 = 0; exit"); }

SEC(".struct_ops")
struct tcp_congestion_ops operations = {.undo_cwnd = (void *)undo, .name = "bpfmatrix"};

char LICENSE[] SEC("license") = "GPL";
