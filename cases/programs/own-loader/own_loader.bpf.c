// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What a user's application has in it: tgid and comm of the task that calls getpid(), read
// through CO-RE. An outcome of the loader `own` (harness/guest/agent/command/own_loader.cpp), which
// is watched from outside, has to say the same as one of `libbpf`, which reports.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s32 pid;
  char comm[16];
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->pid = BPF_CORE_READ(task, tgid);
  bpf_core_read_str(saw->comm, sizeof(saw->comm), &task->comm);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
