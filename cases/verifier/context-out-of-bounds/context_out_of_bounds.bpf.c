// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("kprobe/__sys_connect")
int on_connect(void *ctx) { return *(volatile __u64 *)(ctx + 4096) != 0; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
