// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// struct pid ends with `numbers`, one element per pid namespace, the outermost first; it was
// numbers[1] and became numbers[] in 6.5.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct upid {
  int nr;
} __attribute__((preserve_access_index));

struct pid {
  struct upid numbers[1];
} __attribute__((preserve_access_index));

struct task_struct {
  struct task_struct *group_leader;
  struct pid *thread_pid;  // since 4.19
  char comm[16];
} __attribute__((preserve_access_index));

struct observed {
  __u64 hits;
  __s32 pid;
  char first;  // letter of comm
  char second;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->pid = BPF_CORE_READ(task, group_leader, thread_pid, numbers[0].nr);
  saw->first = BPF_CORE_READ(task, comm[0]);
  saw->second = BPF_CORE_READ(task, comm[1]);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
