// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("syscall")
int on_run(void *ctx) { return 0; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
