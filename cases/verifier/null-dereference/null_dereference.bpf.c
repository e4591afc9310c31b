// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} hash SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} array SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpid")
int of_hash(void *ctx) {
  __u32 zero = 0;
  __u64 *value = bpf_map_lookup_elem(&hash, &zero);
  return *value != 0;
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int of_array(void *ctx) {
  __u32 zero = 0;
  __u64 *value = bpf_map_lookup_elem(&array, &zero);
  return *value != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
