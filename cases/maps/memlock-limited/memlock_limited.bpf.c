// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 65536);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");

SEC("socket")
int on_packet(void *ctx) {
  __u32 key = 7;
  return bpf_map_lookup_elem(&counters, &key) != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
