// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The loader replaces the instruction it cannot relocate by a call of function 195896080, and the
// verifier rejects it when it gets there: "invalid CO-RE relocation" (core_poison_reached).
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
  __u64 no_such_field;
} __attribute__((preserve_access_index));

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  return BPF_CORE_READ(task, no_such_field) != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
