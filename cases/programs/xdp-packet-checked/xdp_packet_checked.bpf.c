// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct ethernet {
  __u8 destination[6];
  __u8 source[6];
  __be16 protocol;
};

struct observed {
  __u64 hits;
  __u32 protocol;  // 0x0800 for IPv4
};
OBSERVED;

SEC("xdp")
int on_packet(struct xdp_md *ctx) {
  struct ethernet *header = (void *)(unsigned long)ctx->data;
  void *end = (void *)(unsigned long)ctx->data_end;
  struct observed *saw = observe();
  if (!saw || (void *)(header + 1) > end) return XDP_PASS;
  saw->protocol = bpf_ntohs(header->protocol);
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
