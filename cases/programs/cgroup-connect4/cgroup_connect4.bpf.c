// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 addr;
  __u16 port;
};
OBSERVED;

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx) {
  struct observed *saw = observe();
  if (!saw) return 1;
  saw->addr = bpf_ntohl(ctx->user_ip4);
  saw->port = bpf_ntohs(ctx->user_port);
  return 1;  // allowed
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
