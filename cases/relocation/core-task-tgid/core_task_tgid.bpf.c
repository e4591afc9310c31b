// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Reads the ids of the task that calls getpid() and of its parent. tgid is at another offset in
// nearly every kernel build, so only a relocated program can be right; without BTF the loader has
// to reject it, because clang compiled in the offsets of one kernel.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s32 pid;
  __s32 ppid;
  char comm[16];
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->pid = BPF_CORE_READ(task, tgid);
  saw->ppid = BPF_CORE_READ(task, real_parent, tgid);
  bpf_core_read_str(saw->comm, sizeof(saw->comm), &task->comm);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
