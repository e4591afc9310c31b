// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

struct bpf_spin_lock {
  __u32 val;
};

struct guarded {
  struct bpf_spin_lock lock;
  __u32 padding;
  __u64 packets;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct guarded);
} counter SEC(".maps");

SEC("xdp")
int on_packet(struct xdp_md *ctx) {
  __u32 zero = 0;
  struct guarded *value = bpf_map_lookup_elem(&counter, &zero);
  if (!value) return XDP_PASS;
  bpf_spin_lock(&value->lock);
  value->packets++;
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
