// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// Whether it attaches is decided by a file that is not in the guest.
SEC("uprobe//usr/lib/libbpfmatrix-absent.so.3:write_it")
int on_write(struct pt_regs *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
