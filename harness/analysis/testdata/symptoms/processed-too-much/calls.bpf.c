// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Without a branch: what is counted are instructions, not states. 17 * 16 * 4000 of them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define STATIC static __attribute__((noinline, naked))

STATIC int counts(void) { asm volatile("r0 = 0; .rept 3998; r0 += 1; .endr; exit"); }

STATIC int calls_it(void) {
  asm volatile(".rept 16; call %[counts]; .endr; exit" ::[counts] "i"(counts));
}

SEC("xdp")
__attribute__((naked)) int processed_too_much(void) {
  asm volatile(".rept 17; call %[calls_it]; .endr; r0 = 2; exit" ::[calls_it] "i"(calls_it));
}

char LICENSE[] SEC("license") = "GPL";
