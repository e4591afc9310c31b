// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct task_struct {
  __s32 tgid;
  __u64 no_such_field;
} __attribute__((preserve_access_index));

struct observed {
  __u64 hits;
  __s32 pid;
  __u32 exists;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  struct observed *saw = observe();
  if (!saw) return 0;
  if (bpf_core_field_exists(task->no_such_field)) {
    saw->exists = 1;
    saw->pid = BPF_CORE_READ(task, no_such_field);
  } else {
    saw->pid = BPF_CORE_READ(task, tgid);
  }
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
