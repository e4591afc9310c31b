// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// `core-task-tgid` without .BTF.ext, which has the relocations. Nothing is left
// that would tell a loader of them: it loads the offsets of the kernel whose vmlinux.h the program
// was compiled with (Debian's 6.1 of the same architecture), right there and wrong elsewhere.
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
