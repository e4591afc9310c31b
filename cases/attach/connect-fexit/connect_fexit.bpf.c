// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"
#include "sockaddr.h"

struct observed {
  __u64 hits;
  __s32 fd;
  __s32 ret;
};
OBSERVED;

SEC("fexit/__sys_connect")
int BPF_PROG(on_return, int fd, const void *address, int length, int ret) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->fd = fd;
  saw->ret = ret;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
