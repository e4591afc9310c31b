// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAKED __attribute__((naked))
// One instruction by its parts, for those the assembler does not write.
#define RAW(code, registers, offset, immediate) \
  ".byte " #code ", " #registers "; .short " #offset "; .long " #immediate ";"
#define EXIT "r0 = 0; exit"

__u64 counter;

SEC("xdp")
NAKED int frame_pointer_written(void) { asm volatile("r10 = 0;" EXIT); }

SEC("xdp")
NAKED int register_eleven(void) { asm volatile(RAW(0xb7, 0x0b, 0, 0) EXIT); }

SEC("xdp")
NAKED int divided_by_zero(void) { asm volatile("r0 = 1; r0 /= 0;" EXIT); }

SEC("xdp")
NAKED int shifted_too_far(void) { asm volatile("r0 = 1; r0 <<= 64;" EXIT); }

SEC("xdp")
NAKED int unknown_alu(void) { asm volatile(RAW(0xf7, 0, 0, 0) EXIT); }

SEC("xdp")
NAKED int unknown_jump(void) { asm volatile(RAW(0xf5, 0, 0, 0) EXIT); }

SEC("xdp")
NAKED int unknown_code(void) { asm volatile(RAW(0xff, 0, 0, 0) EXIT); }

SEC("xdp")
NAKED int move_with_offset(void) { asm volatile("r1 = 0;" RAW(0xbf, 0x10, 9, 0) EXIT); }

SEC("xdp")
NAKED int exit_with_register(void) { asm volatile("r0 = 0;" RAW(0x95, 0x01, 0, 0) EXIT); }

SEC("xdp")
NAKED int load_with_immediate(void) { asm volatile(RAW(0x61, 0x10, 0, 5) EXIT); }

SEC("xdp")
NAKED int half_a_wide_load(void) { asm volatile(RAW(0x18, 0x00, 0, 5) EXIT); }

SEC("xdp")
NAKED int jump_beyond_the_end(void) { asm volatile(RAW(0x05, 0, 100, 0) EXIT); }

SEC("xdp")
NAKED int jump_into_a_wide_load(void) {
  asm volatile(RAW(0x05, 0, 1, 0) "r0 = 4294967296 ll;" EXIT);
}

SEC("xdp")
NAKED int number_stored_to_context(void) { asm volatile(RAW(0x62, 0x01, 0, 1) EXIT); }

SEC("xdp")
NAKED int atomic_on_context(void) { asm volatile("r2 = 1; lock *(u32 *)(r1 + 0) += r2;" EXIT); }

SEC("xdp")
NAKED int atomic_unknown(void) {
  asm volatile("r2 = 1; *(u64 *)(r10 - 8) = r2;" RAW(0xdb, 0x2a, -8, 0x77) EXIT);
}

SEC("xdp")
NAKED int atomic_of_two_bytes(void) {
  asm volatile("r2 = 1; *(u64 *)(r10 - 8) = r2;" RAW(0xcb, 0x2a, -8, 0) EXIT);
}

// Fetching came with 5.12.
SEC("xdp")
int atomic_fetch(void *ctx) { return __sync_fetch_and_add(&counter, 1) == 7; }

// Signed division came with 6.6.
SEC("xdp")
NAKED int signed_division(void) { asm volatile("r0 = 8; r1 = 2;" RAW(0x3f, 0x10, 1, 0) EXIT); }

SEC("xdp")
NAKED int packet_load_in_xdp(void) { asm volatile("r6 = r1; r0 = *(u8 *)skb[0];" EXIT); }

SEC("socket")
NAKED int packet_load_without_context(void) { asm volatile("r6 = 0; r0 = *(u8 *)skb[0];" EXIT); }

static __attribute__((noinline, naked)) void loads_packet(void *ctx) {
  asm volatile("r6 = r1; r0 = *(u8 *)skb[0];" EXIT);
}

SEC("socket")
int packet_load_in_function(void *ctx) {
  loads_packet(ctx);
  return 0;
}

SEC("xdp")
NAKED int different_pointers(void) {
  asm volatile(
      "r2 = *(u32 *)(r1 + 16); r3 = r10; r3 += -8; *(u64 *)(r10 - 8) = r2; if r2 == 0 goto +1;"
      "r3 = r1; r0 = *(u32 *)(r3 + 0);" EXIT);
}

SEC("xdp")
NAKED int never_ends(void) { asm volatile("r0 = 0; r0 = r0"); }

SEC("xdp")
NAKED int sixty_four_bits_negated(void) { asm volatile("r0 = 1;" RAW(0x87, 0x00, 0, 5) EXIT); }

char LICENSE[] SEC("license") = "GPL";
