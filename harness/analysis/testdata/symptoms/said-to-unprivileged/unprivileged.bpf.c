// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAKED __attribute__((naked))

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64[8]);
} values SEC(".maps");

#define LOOK_UP \
  "r6 = r1; r0 = 0; *(u32 *)(r10 - 4) = r0; r2 = r10; r2 += -4; r1 = %[values] ll; call 1;"

SEC("xdp")
NAKED int address_in_map(void) {
  asm volatile(LOOK_UP
               "if r0 == 0 goto +1; *(u64 *)(r0 + 0) = r6; r0 = 2; exit" ::[values] "i"(&values));
}

SEC("xdp")
NAKED int address_returned(void) { asm volatile("r0 = r1; exit"); }

SEC("xdp")
NAKED int addresses_compared(void) { asm volatile("r0 = 2; if r1 > r10 goto +0; exit"); }

SEC("xdp")
NAKED int stack_anywhere(void) {
  asm volatile(
      "r2 = *(u32 *)(r1 + 16); r2 &= 8; r3 = r10; r3 -= r2; r0 = 2; *(u64 *)(r3 - 8) = r0; exit");
}

SEC("xdp")
NAKED int value_from_two_sides(void) {
  asm volatile(LOOK_UP
               "if r0 == 0 goto +4; r1 = *(u64 *)(r0 + 0); r1 &= 7; r0 += r1; r0 -= r1;"
               "r0 = 2; exit" ::[values] "i"(&values));
}

SEC("xdp")
NAKED int stack_left(void) { asm volatile("r2 = r10; r2 += 600; r0 = 2; exit"); }

SEC("kprobe")
NAKED int tracing(void) { asm volatile("r0 = 0; exit"); }

char LICENSE[] SEC("license") = "GPL";
