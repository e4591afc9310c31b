// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Lets every packet pass, and counts their bytes.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} bytes SEC(".maps");

SEC("xdp")
int count_bytes(struct xdp_md *ctx) {
  __u32 zero = 0;
  __u64 *value = bpf_map_lookup_elem(&bytes, &zero);
  if (value) __sync_fetch_and_add(value, ctx->data_end - ctx->data);
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
