// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, __u64[448]);
} large SEC(".maps");

SEC("xdp")
int uses_large_map(void *ctx) {
  __u32 key = 0;
  return bpf_map_lookup_elem(&large, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
