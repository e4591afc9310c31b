// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct bpfmatrix_no_such_struct {
  __u32 a;
  __u32 b;
} __attribute__((preserve_access_index));

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct bpfmatrix_no_such_struct *nothing = (void *)bpf_get_current_task();
  return BPF_CORE_READ(nothing, b) != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
