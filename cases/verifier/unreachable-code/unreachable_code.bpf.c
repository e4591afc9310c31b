// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
__attribute__((naked)) int unreachable(void) { asm volatile("r0 = 0; exit; r1 = 1; exit"); }

SEC("tracepoint/syscalls/sys_enter_getpid")
__attribute__((naked)) int no_exit(void) { asm volatile("r0 = 0"); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
