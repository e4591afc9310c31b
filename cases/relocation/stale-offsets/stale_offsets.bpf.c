// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The silent wrong read. This is a task_struct as Debian's 6.1 for x86_64 lays it out, written
// down without preserve_access_index: no relocation, no complaint, and on any other build the
// bytes of whatever happens to lie there. `core-task-tgid` reads the same values right.
// A field may be right by chance: 6.12 has comm where 6.1 has it.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct task_struct {
  char before_tgid[2420];
  __s32 tgid;
  char before_parent[8];
  struct task_struct *real_parent;
  char before_comm[536];
  char comm[16];
};
_Static_assert(__builtin_offsetof(struct task_struct, real_parent) == 2432, "as in 6.1");
_Static_assert(__builtin_offsetof(struct task_struct, comm) == 2976, "as in 6.1");

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
  struct task_struct *parent = 0;
  struct observed *saw = observe();
  if (!saw) return 0;
  bpf_probe_read_kernel(&saw->pid, sizeof(saw->pid), &task->tgid);
  bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent);
  bpf_probe_read_kernel(&saw->ppid, sizeof(saw->ppid), &parent->tgid);
  bpf_probe_read_kernel(saw->comm, sizeof(saw->comm), task->comm);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
