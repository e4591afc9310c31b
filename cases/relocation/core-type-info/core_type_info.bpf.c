// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct task_struct {
  int tgid;
};
struct bpf_ringbuf {
  int mask;
};
struct bpfmatrix_no_such_struct {
  int a;
};

struct observed {
  __u64 hits;
  __u32 task_exists;     // 1
  __u32 task_size;       // sizeof(struct task_struct) in this kernel
  __u32 comm_size;       // 16
  __u32 ringbuf_exists;  // 1 since 5.8
  __u32 none_exists;     // 0
};
OBSERVED;

struct task_struct___comm {
  char comm[4];
};

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->task_exists = bpf_core_type_exists(struct task_struct);
  saw->task_size = bpf_core_type_size(struct task_struct);
  saw->comm_size = bpf_core_field_size(((struct task_struct___comm *)0)->comm);
  saw->ringbuf_exists = bpf_core_type_exists(struct bpf_ringbuf);
  saw->none_exists = bpf_core_type_exists(struct bpfmatrix_no_such_struct);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
