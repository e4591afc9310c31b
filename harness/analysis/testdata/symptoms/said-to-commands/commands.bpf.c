// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What command.c loads, by name: it brings the instructions itself.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int small_log(struct xdp_md *ctx) { return XDP_PASS; }

SEC("xdp")
int field_too_new(struct xdp_md *ctx) { return XDP_PASS; }

SEC("xdp")
int first_on_lo(struct xdp_md *ctx) { return XDP_PASS; }

SEC("xdp")
int second_on_lo(struct xdp_md *ctx) { return XDP_PASS; }

char LICENSE[] SEC("license") = "GPL";
