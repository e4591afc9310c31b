// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

static long (*no_such_helper)(void) = (void *)9999;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) { return no_such_helper(); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
