// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s32 ret;
};
OBSERVED;

SEC("kretprobe/__sys_connect")
int BPF_KRETPROBE(on_return, int ret) {
  struct observed *saw = observe();
  if (saw) saw->ret = ret;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
