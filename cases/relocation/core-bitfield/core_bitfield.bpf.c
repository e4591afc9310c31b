// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 version;       // 4
  __u32 header_words;  // 5
};
OBSERVED;

SEC("kprobe/ip_rcv")
int BPF_KPROBE(on_packet, struct sk_buff *skb) {
  struct iphdr *ip = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header));
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->version = BPF_CORE_READ_BITFIELD_PROBED(ip, version);
  saw->header_words = BPF_CORE_READ_BITFIELD_PROBED(ip, ihl);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
