// What is on `lo` already when together.bpf.c comes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int on_packet(struct xdp_md *ctx) { return XDP_PASS; }

SEC("tc")
int on_ingress(struct __sk_buff *skb) { return 0; }
