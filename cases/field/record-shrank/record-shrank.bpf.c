// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// Laid out by hand after the format file of an older kernel: comm[16] at 8, pid at 24.
struct record {
  __u64 common;
  char comm[16];
  __s32 pid;
  __s32 prio;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 128);
  __type(key, __s32);
  __type(value, __s32);
} gone SEC(".maps");

// A task is freed after a grace period of RCU: late.
SEC("tracepoint/sched/sched_process_free")
int on_free(struct record *ctx) {
  __s32 pid = ctx->pid, prio = ctx->prio;
  bpf_map_update_elem(&gone, &pid, &prio, BPF_ANY);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
