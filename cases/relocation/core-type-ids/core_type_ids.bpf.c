// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The id in the object's own BTF is what the compiler wrote; the one in the kernel's is the
// loader's to find, and 0 where there is no such type.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct task_struct {
  int tgid;
};
struct bpfmatrix_no_such_struct {
  int a;
};

struct observed {
  __u64 hits;
  __u32 own_id;     // of task_struct in this object
  __u32 kernel_id;  // of task_struct in this kernel
  __u32 none_id;    // 0
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->own_id = bpf_core_type_id_local(struct task_struct);
  saw->kernel_id = bpf_core_type_id_kernel(struct task_struct);
  saw->none_id = bpf_core_type_id_kernel(struct bpfmatrix_no_such_struct);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
