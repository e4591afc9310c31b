// XDP beside XDP and tc beside tc.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int also_on_packet(struct xdp_md *ctx) { return XDP_PASS; }

SEC("tc")
int also_on_ingress(struct __sk_buff *skb) { return 0; }
