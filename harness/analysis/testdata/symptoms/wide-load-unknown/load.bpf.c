// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

// What light skeletons have: r1 = map 0 of fd_array (BPF_PSEUDO_MAP_IDX). There is no such array.
SEC("xdp")
__attribute__((naked)) int map_by_its_place(void) {
  asm volatile(".byte 0x18, 0x51; .short 0; .long 0; .quad 0; r0 = 2; exit");
}

char LICENSE[] SEC("license") = "GPL";
