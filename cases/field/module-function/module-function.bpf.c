// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// The function is in a module, which the kernel ships and nobody has loaded.
SEC("kprobe/nf_conntrack_in")
int on_packet(struct pt_regs *ctx) { return 0; }

SEC("fentry/nf_conntrack_in")
int on_packet_fentry(unsigned long long *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
