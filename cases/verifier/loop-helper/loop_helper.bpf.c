// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s64 rc;  // rounds done: 10
};
OBSERVED;

static long round(__u32 index, void *context) { return 0; }

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (saw) saw->rc = bpf_loop(10, round, 0, 0);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
