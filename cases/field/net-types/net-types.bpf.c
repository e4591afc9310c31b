// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// Programs of the network that libbpf does not attach by itself: user space says to which sockets,
// interface, route or network namespace.
struct {
  __uint(type, BPF_MAP_TYPE_SOCKMAP);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} sockets SEC(".maps");

SEC("sk_lookup")
int on_lookup(void *ctx) { return 1; }

SEC("sk_skb/stream_verdict")
int on_verdict(void *ctx) { return 1; }

SEC("sk_msg")
int on_message(void *ctx) { return 1; }

SEC("flow_dissector")
int on_flow(void *ctx) { return 0; }

SEC("lwt_xmit")
int on_xmit(void *ctx) { return 0; }

SEC("lwt_in")
int on_input(void *ctx) { return 0; }

SEC("netkit/primary")
int on_netkit(void *ctx) { return -1; }

SEC("socket")
int on_packet(void *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
