// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_bpfmatrix_no_such_call")
int on_nothing(void *ctx) { return 0; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
