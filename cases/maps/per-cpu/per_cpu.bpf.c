// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} calls SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 16);
  __type(key, __u64);
  __type(value, __u64);
} calls_by_thread SEC(".maps");

struct observed {
  __u64 hits;
  __u64 calls;   // on the CPU of the last call: at most hits
  __u32 stored;  // 1
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 thread = bpf_get_current_pid_tgid(), one = 1, *count;
  __u32 zero = 0;
  struct observed *saw = observe();
  if (!saw) return 0;
  if ((count = bpf_map_lookup_elem(&calls, &zero))) saw->calls = ++*count;
  bpf_map_update_elem(&calls_by_thread, &thread, &one, BPF_ANY);
  if ((count = bpf_map_lookup_elem(&calls_by_thread, &thread))) saw->stored = *count;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
