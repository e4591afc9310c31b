// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;  // tasks, and one for the end
  __s32 first_pid;
};
OBSERVED;

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  struct observed *saw = observe();
  if (saw && task && saw->hits == 1) saw->first_pid = task->pid;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
