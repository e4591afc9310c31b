// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAKED __attribute__((naked))
#define MAP(name) [name] "i"(&name)

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} values SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} programs SEC(".maps");

extern void bpf_task_release(struct task_struct *task) __ksym __attribute__((weak));
extern void bpf_rcu_read_lock(void) __ksym __attribute__((weak));
extern void bpf_rcu_read_unlock(void) __ksym __attribute__((weak));
extern void bpf_preempt_disable(void) __ksym __attribute__((weak));

SEC("xdp")
NAKED int number_for_map(void) { asm volatile("r1 = 1; r2 = r10; r2 += -8; call 1; r0 = 0; exit"); }

SEC("xdp")
NAKED int lookup_in_perf_buffer(void) {
  asm volatile(
      "r0 = 0; *(u64 *)(r10 - 8) = r0; r1 = %[events] ll; r2 = r10; r2 += -8; call 1; r0 = 0;"
      "exit" ::MAP(events));
}

SEC("xdp")
NAKED int format_in_packet(void) {
  asm volatile(
      "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 8; if r4 > r3 goto +3;"
      "r1 = r2; r2 = 8; call 6; r0 = 0; exit");
}

SEC("xdp")
NAKED int flags_unknown(void) {
  asm volatile(
      "r4 = *(u32 *)(r1 + 16); r0 = 0; *(u64 *)(r10 - 8) = r0; *(u64 *)(r10 - 16) = r0;"
      "r1 = r10; r1 += -8; r2 = r4; call 6; r0 = 0; exit");
}

__attribute__((noinline)) int with_context(struct xdp_md *ctx) { return ctx ? 1 : 2; }

SEC("xdp")
int number_for_context(struct xdp_md *ctx) { return with_context((void *)5); }

__attribute__((noinline)) void returns_nothing(struct xdp_md *ctx) {
  asm volatile("" ::"r"(ctx) : "memory");
}

SEC("xdp")
int global_without_value(struct xdp_md *ctx) {
  returns_nothing(ctx);
  return 2;
}

__attribute__((noinline)) int takes_pointers(int **pointer) { return pointer ? 1 : 2; }

SEC("xdp")
int global_with_pointers(struct xdp_md *ctx) { return takes_pointers(0); }

SEC("socket")
int release_in_socket_filter(struct __sk_buff *ctx) {
  bpf_task_release((void *)ctx);
  return 2;
}

SEC("tp_btf/sched_switch")
int release_of_nothing(void *ctx) {
  bpf_task_release(0);
  return 0;
}

SEC("tp_btf/sched_switch")
int rcu_not_ended(void *ctx) {
  bpf_rcu_read_lock();
  return 0;
}

SEC("tp_btf/sched_switch")
int rcu_ended_twice(void *ctx) {
  bpf_rcu_read_unlock();
  return 0;
}

SEC("tp_btf/sched_switch")
int preemption_not_ended(void *ctx) {
  bpf_preempt_disable();
  return 0;
}

static __attribute__((noinline)) void tail_call_without_value(struct xdp_md *ctx) {
  bpf_tail_call(ctx, &programs, 0);
}

SEC("xdp")
int tail_call_in_void(struct xdp_md *ctx) {
  tail_call_without_value(ctx);
  return 2;
}

static __attribute__((noinline)) int tail_call_in_function(struct xdp_md *ctx) {
  bpf_tail_call(ctx, &programs, 0);
  return 2;
}

SEC("xdp")
int tail_call_on_deep_stack(struct xdp_md *ctx) {
  volatile char room[300];
  room[0] = 1;
  return tail_call_in_function(ctx) + room[0];
}

SEC("fentry/bpf_prog_get")
NAKED int wrong_value_at_exit(void) { asm volatile("r0 = 5; exit"); }

SEC("cgroup/connect4")
NAKED int unknown_value_at_exit(void) { asm volatile("r0 = *(u32 *)(r1 + 0); exit"); }

SEC("lsm/file_open")
NAKED int user_memory_without_sleep(void) {
  asm volatile(
      "r0 = 0; *(u64 *)(r10 - 8) = r0; r1 = r10; r1 += -8; r2 = 8; r3 = 0; call 148; r0 = 0;"
      "exit");
}

SEC("lsm.s/task_free")
NAKED int hook_that_cannot_sleep(void) { asm volatile("r0 = 0; exit"); }

SEC("iter.s/task")
NAKED int iterator_that_sleeps(void) { asm volatile("r0 = 0; exit"); }

char LICENSE[] SEC("license") = "GPL";
