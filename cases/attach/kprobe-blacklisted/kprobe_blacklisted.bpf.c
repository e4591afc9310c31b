// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What runs while a probe is being handled must not be probed. The list is
// /sys/kernel/debug/kprobes/blacklist.
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("kprobe/notify_die")
int on_die(void *ctx) { return 0; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
