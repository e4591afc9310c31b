// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u64 rounds;  // 100 for each hit
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
#pragma clang loop unroll(disable)
  for (int i = 0; i < 100; i++) __sync_fetch_and_add(&saw->rounds, 1);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
