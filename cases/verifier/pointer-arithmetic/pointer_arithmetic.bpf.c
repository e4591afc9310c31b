// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
__attribute__((naked)) int on_getpid(void) { asm volatile("r1 *= 8; r0 = 0; exit"); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
