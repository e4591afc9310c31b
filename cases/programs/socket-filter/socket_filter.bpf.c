// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 bytes;
};
OBSERVED;

SEC("socket")
int on_packet(struct __sk_buff *skb) {
  struct observed *saw = observe();
  if (saw) saw->bytes = skb->len;
  return skb->len;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
