// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int on_packet(struct xdp_md *ctx) {
  __u8 *packet = (void *)(unsigned long)ctx->data;
  return packet[12] == 8 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
