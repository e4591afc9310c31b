// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("kprobe/do_nanosleep")
int on_sleep(void *ctx) { return bpf_get_current_pid_tgid() >> 63; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
