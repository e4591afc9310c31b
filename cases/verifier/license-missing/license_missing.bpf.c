// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
int needs_none(void *ctx) { return bpf_get_current_pid_tgid() == 0; }

SEC("tracepoint/syscalls/sys_enter_getpid")
int needs_gpl(void *ctx) { return bpf_get_current_task() == 0; }
