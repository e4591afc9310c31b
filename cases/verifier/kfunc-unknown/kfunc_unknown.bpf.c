// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

extern int bpfmatrix_no_such_kfunc(int x) __ksym;

SEC("xdp")
int on_packet(struct xdp_md *ctx) { return bpfmatrix_no_such_kfunc(1); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
