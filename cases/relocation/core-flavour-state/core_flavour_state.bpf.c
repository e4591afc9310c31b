// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What comes after three underscores is no part of the type's name for the loader: both flavours
// are task_struct. Only the one that fits is ever executed; the other is poisoned, in dead code.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

// since 5.14 (2f064a59a11f)
struct task_struct___renamed {
  unsigned int __state;
} __attribute__((preserve_access_index));

struct task_struct___before {
  long state;
} __attribute__((preserve_access_index));

struct observed {
  __u64 hits;
  __u64 state;       // of the running task: 0
  __u32 state_size;  // 4 since 5.14, 8 before
  __u32 renamed;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct task_struct___renamed *task = (void *)bpf_get_current_task();
  struct task_struct___before *old = (void *)task;
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->renamed = bpf_core_field_exists(task->__state);
  if (saw->renamed) {
    saw->state = BPF_CORE_READ(task, __state);
    saw->state_size = bpf_core_field_size(task->__state);
  } else {
    saw->state = BPF_CORE_READ(old, state);
    saw->state_size = bpf_core_field_size(old->state);
  }
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
