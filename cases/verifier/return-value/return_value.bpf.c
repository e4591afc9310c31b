// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int cgroup(struct bpf_sock_addr *ctx) { return 17; }

SEC("fentry/__sys_connect")
int fentry(void *ctx) { return 17; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
