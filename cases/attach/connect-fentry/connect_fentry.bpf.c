// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"
#include "sockaddr.h"

struct observed {
  __u64 hits;
  __s32 fd;
  __u16 port;
};
OBSERVED;

SEC("fentry/__sys_connect")
int BPF_PROG(on_connect, int fd, const void *address) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->fd = fd;
  saw->port = user_port(address);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
