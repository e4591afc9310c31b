// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAKED __attribute__((naked))
#define MAP(name) [name] "i"(&name)

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64[8]);
} values SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, 256);  // BPF_F_WRONLY_PROG
  __type(key, __u32);
  __type(value, __u64[8]);
} write_only SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, 128);  // BPF_F_RDONLY_PROG
  __type(key, __u32);
  __type(value, __u64[8]);
} read_only SEC(".maps");

extern const void bpf_prog_fops __ksym __attribute__((weak));

// r0: a value of `map`, and not NULL; r6: the context.
#define LOOK_UP(map) \
  "r6 = r1; *(u32 *)(r10 - 4) = r0; r2 = r10; r2 += -4; r1 = %[" #map "] ll; call 1;"

SEC("xdp")
NAKED int misaligned_stack(void) { asm volatile("r0 = 0; *(u64 *)(r10 - 12) = r0; exit"); }

SEC("xdp")
NAKED int write_to_read_only_map(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      read_only) "if r0 == 0 goto +1; *(u64 *)(r0 + 0) = r6; r0 = 0; exit" ::MAP(read_only));
}

SEC("xdp")
NAKED int number_written_to_read_only_map(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      read_only) "if r0 == 0 goto +2; r1 = 1; *(u64 *)(r0 + 0) = r1; r0 = 0; exit" ::
                   MAP(read_only));
}

SEC("xdp")
NAKED int read_from_write_only_map(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      write_only) "if r0 == 0 goto +1; r1 = *(u64 *)(r0 + 0); r0 = 0; exit" ::MAP(write_only));
}

SEC("cgroup_skb/ingress")
NAKED int write_to_packet(void) {
  asm volatile(
      "r2 = *(u32 *)(r1 + 76); r3 = *(u32 *)(r1 + 80); r4 = r2; r4 += 8;"
      "if r4 > r3 goto +2; r5 = 1; *(u8 *)(r2 + 0) = r5; r0 = 1; exit");
}

SEC("tp_btf/sched_switch")
NAKED int write_to_task(void) {
  asm volatile("r1 = *(u64 *)(r1 + 8); r2 = 1; *(u64 *)(r1 + 0) = r2; r0 = 0; exit");
}

SEC("tp_btf/sched_switch")
NAKED int before_task(void) {
  asm volatile("r1 = *(u64 *)(r1 + 8); r2 = *(u64 *)(r1 - 8); r0 = 0; exit");
}

SEC("tp_btf/sched_switch")
NAKED int beyond_task(void) {
  asm volatile("r1 = *(u64 *)(r1 + 8); r2 = *(u64 *)(r1 + 30000); r0 = 0; exit");
}

SEC("tp_btf/sched_switch")
NAKED int anywhere_in_task(void) {
  asm volatile(
      "r1 = *(u64 *)(r1 + 8); r2 = *(u32 *)(r1 + 0); r2 &= 15; r1 += r2; r2 = *(u64 *)(r1 + 0);"
      "r0 = 0; exit");
}

SEC("xdp")
NAKED int write_to_map_itself(void) {
  asm volatile("r1 = %[values] ll; r2 = 1; *(u64 *)(r1 + 0) = r2; r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int read_of_nothing(void) {
  asm volatile("r1 = 0; *(u64 *)(r10 - 8) = r1; r1 = r10; r1 += -8; r2 = 0; call 6; r0 = 0; exit");
}

SEC("xdp")
NAKED int write_below_stack(void) { asm volatile("r0 = 0; *(u64 *)(r10 - 520) = r0; exit"); }

SEC("xdp")
NAKED int read_below_stack(void) { asm volatile("r0 = *(u64 *)(r10 - 520); r0 = 0; exit"); }

SEC("xdp")
NAKED int anywhere_on_stack(void) {
  asm volatile("r1 = *(u32 *)(r1 + 0); r2 = r10; r2 += r1; r0 = 0; *(u64 *)(r2 - 8) = r0; exit");
}

SEC("xdp")
NAKED int key_above_stack(void) {
  asm volatile("r2 = r10; r2 += 8; r1 = %[values] ll; call 1; r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int key_anywhere_on_stack(void) {
  asm volatile(
      "r3 = *(u32 *)(r1 + 0); r2 = r10; r2 += r3; r1 = %[values] ll; call 1; r0 = 0; exit" ::MAP(
          values));
}

SEC("xdp")
NAKED int large_constant_added(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      values) "if r0 == 0 goto +2; r0 += 1073741823; r1 = *(u64 *)(r0 + 0);"
              "r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int huge_constant_added(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      values) "if r0 == 0 goto +4; r1 = 9223372036854775807 ll; r0 += r1;"
              "r1 = *(u64 *)(r0 + 0); r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int anything_added(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      values) "if r0 == 0 goto +3; r1 = *(u64 *)(r0 + 0); r0 += r1;"
              "r1 = *(u64 *)(r0 + 0); r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int less_than_zero_added(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      values) "if r0 == 0 goto +6; r1 = *(u64 *)(r0 + 0); if r1 s> 4 goto +4;"
              "if r1 s< -4 goto +3; r0 += r1; r1 = *(u64 *)(r0 + 0); r0 = 0;"
              "r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int before_value(void) {
  asm volatile("r0 = 0;" LOOK_UP(
      values) "if r0 == 0 goto +1; r1 = *(u64 *)(r0 - 8); r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int pointer_from_number(void) { asm volatile("r2 = 5; r2 -= r10; r0 = 0; exit"); }

SEC("xdp")
NAKED int stack_pointer_lowered(void) { asm volatile("r2 = r10; r2 -= 8; r0 = 0; exit"); }

SEC("xdp")
NAKED int pointer_masked(void) { asm volatile("r1 &= 4095; r0 = 0; exit"); }

SEC("xdp")
NAKED int pointer_halved(void) { asm volatile("w1 += 1; r0 = 0; exit"); }

SEC("xdp")
NAKED int packet_end_moved(void) { asm volatile("r2 = *(u32 *)(r1 + 4); r2 += 4; r0 = 0; exit"); }

SEC("xdp")
NAKED int null_moved(void) {
  asm volatile("r0 = 0;" LOOK_UP(values) "r0 += 8; r0 = 0; exit" ::MAP(values));
}

SEC("xdp")
NAKED int context_moved(void) { asm volatile("r1 += 8; r2 = *(u32 *)(r1 + 0); r0 = 0; exit"); }

SEC("xdp")
NAKED int context_anywhere(void) {
  asm volatile("r2 = *(u32 *)(r1 + 16); r2 &= 4; r1 += r2; r2 = *(u32 *)(r1 + 0); r0 = 0; exit");
}

SEC("xdp")
NAKED int half_a_pointer_saved(void) { asm volatile("*(u32 *)(r10 - 8) = r1; r0 = 0; exit"); }

SEC("xdp")
NAKED int half_a_pointer_restored(void) {
  asm volatile("*(u64 *)(r10 - 8) = r1; r0 = *(u32 *)(r10 - 8); r0 = 0; exit");
}

static __attribute__((noinline, naked)) void *own_stack(void) { asm volatile("r0 = r10; exit"); }

SEC("xdp")
int stack_of_callee(struct xdp_md *ctx) { return *(int *)own_stack(); }

SEC("xdp")
NAKED int packet_end_read(void) {
  asm volatile("r2 = *(u32 *)(r1 + 4); r0 = *(u8 *)(r2 + 0); exit");
}

SEC("xdp")
NAKED int map_at_odd_offset(void) {
  asm volatile("r1 = %[values] ll; r0 = *(u64 *)(r1 + 1); exit" ::MAP(values));
}

SEC("tp_btf/sched_switch")
int write_to_kernel_symbol(void *ctx) {
  *(volatile char *)&bpf_prog_fops = 1;
  return 0;
}

SEC("tp_btf/sched_switch")
NAKED int arguments_beyond(void) { asm volatile("r0 = *(u64 *)(r1 + 88); r0 = 0; exit"); }

SEC("xdp")
NAKED int stack_read_unwritten_by_helper(void) {
  asm volatile("r1 = r10; r1 += -16; r2 = 8; call 6; r0 = 0; exit");
}

char LICENSE[] SEC("license") = "GPL";
