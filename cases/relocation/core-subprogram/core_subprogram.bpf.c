// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Two programs, two functions, called in another order than they are written in: a loader puts
// them behind the program in the order of the calls, and the relocations move with them.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct task_struct {
  __u64 no_such_field;
  __s32 tgid;
  struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct observed {
  __u64 hits;
  __s32 pid;
  __s32 ppid;
};
OBSERVED;

static __noinline __u64 read_missing(void) {
  struct task_struct *task = (void *)bpf_get_current_task();
  return BPF_CORE_READ(task, no_such_field);
}

static __noinline __s32 read_parent(void) {
  struct task_struct *task = (void *)bpf_get_current_task();
  return BPF_CORE_READ(task, real_parent, tgid);
}

static __noinline __s32 read_own(void) {
  struct task_struct *task = (void *)bpf_get_current_task();
  return BPF_CORE_READ(task, tgid);
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->pid = read_own();
  saw->ppid = read_parent();
  return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int reads_missing(void *ctx) { return read_own() != 0 && read_missing() != 0; }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
