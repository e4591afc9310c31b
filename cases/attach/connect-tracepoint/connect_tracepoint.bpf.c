// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The layout is that of the tracepoint's format file, which user space relies on: no BTF needed.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"
#include "sockaddr.h"

struct sys_enter_connect {
  __u64 common;
  __s64 nr;
  __u64 fd;
  void *address;
  __u64 length;
};

struct observed {
  __u64 hits;
  __s32 fd;
  __u16 port;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_connect")
int on_connect(struct sys_enter_connect *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->fd = ctx->fd;
  saw->port = user_port(ctx->address);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
