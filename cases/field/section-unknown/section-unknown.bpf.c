// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// A way to attach that is newer than the loader.
SEC("kprobe.session/do_nanosleep")
int on_both(struct pt_regs *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
