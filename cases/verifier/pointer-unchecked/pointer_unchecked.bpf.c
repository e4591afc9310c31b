// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) { return *(volatile __u64 *)(bpf_get_current_task() + 16) != 0; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
