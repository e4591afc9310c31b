// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u64 nanoseconds;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (saw) saw->nanoseconds = bpf_ktime_get_tai_ns();
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
