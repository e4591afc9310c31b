// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// The kernel keeps 15 characters of a name, and these have them in common.
SEC("kprobe/do_nanosleep")
int kretprobe__vfs_write(struct pt_regs *ctx) { return 0; }

SEC("kprobe/vfs_unlink")
int kretprobe__vfs_writev(struct pt_regs *ctx) { return 1; }

SEC("kprobe/vfs_rename")
int kretprobe__vfs_rename(struct pt_regs *ctx) { return 2; }

char LICENSE[] SEC("license") = "GPL";
