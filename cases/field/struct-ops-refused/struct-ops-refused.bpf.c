// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// The kernel takes the program, and the structure only as long as its timeout is 30 s at most:
// registering it ends with E2BIG (kernel/sched/ext.c, bpf_scx_init_member()).
struct sched_ext_ops___mine {
  int (*init)(void);
  unsigned int timeout_ms;
  char name[128];
};

SEC("struct_ops/tiny_init")
int tiny_init(unsigned long long *ctx) { return 0; }

SEC(".struct_ops.link")
struct sched_ext_ops___mine tiny = {.init = (void *)tiny_init, .timeout_ms = 60000, .name = "tiny"};

char LICENSE[] SEC("license") = "GPL";
