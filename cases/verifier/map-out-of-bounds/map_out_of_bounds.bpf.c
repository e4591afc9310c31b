// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64[16]);
} words SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpid")
int constant_index(void *ctx) {
  __u32 zero = 0;
  __u64 *value = bpf_map_lookup_elem(&words, &zero);
  return value ? value[16] != 0 : 0;
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int unchecked_index(void *ctx) {
  __u32 zero = 0;
  __u64 *value = bpf_map_lookup_elem(&words, &zero);
  return value ? value[bpf_ktime_get_ns() & 63] != 0 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
