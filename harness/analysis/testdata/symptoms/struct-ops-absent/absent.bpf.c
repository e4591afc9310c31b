// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct bpfmatrix_absent_ops {
  int (*first)(void);
};

SEC("struct_ops/first_of_absent")
int first_of_absent(void *ctx) { return 0; }

SEC(".struct_ops")
struct bpfmatrix_absent_ops absent = {.first = (void *)first_of_absent};

char LICENSE[] SEC("license") = "GPL";
