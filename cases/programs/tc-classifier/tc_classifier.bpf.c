// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 protocol;  // 0x0800 for IPv4
};
OBSERVED;

SEC("tc")
int on_packet(struct __sk_buff *skb) {
  struct observed *saw = observe();
  if (saw) saw->protocol = bpf_ntohs(skb->protocol);
  return -1;  // TC_ACT_UNSPEC: as configured
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
