// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

#define ETHERNET_BYTES 14
#define UDP 17

// Both headers as the trigger's datagram has them: no options.
struct datagram {
  __u8 before_protocol[9];
  __u8 protocol;
  __u8 before_ports[10];
  __be16 sport;
  __be16 dport;
  __be16 length;  // of the UDP header and what follows
  __u16 checksum;
};

struct observed {
  __u64 hits;
  __u32 protocol;
  __u16 sport;
  __u16 dport;
  __u16 payload_bytes;
  char payload[32];
};
OBSERVED;

SEC("tc")
int on_packet(struct __sk_buff *skb) {
  struct datagram headers = {};
  struct observed *saw = observe();
  if (!saw) return -1;
  saw->protocol = bpf_ntohs(skb->protocol);
  bpf_skb_load_bytes(skb, ETHERNET_BYTES, &headers, sizeof(headers));
  if (headers.protocol != UDP) return -1;
  saw->sport = bpf_ntohs(headers.sport);
  saw->dport = bpf_ntohs(headers.dport);
  saw->payload_bytes = bpf_ntohs(headers.length) - 8;
  bpf_skb_load_bytes(skb, ETHERNET_BYTES + sizeof(headers), saw->payload, 18);
  return -1;  // TC_ACT_UNSPEC: as configured
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
