// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 before;  // 1
  __u32 target;  // 1
  __u32 after;   // 0: a tail call does not come back
};
OBSERVED;

int target(void *ctx);

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 2);
  __uint(key_size, sizeof(__u32));
  __array(values, int(void *));
} jumps SEC(".maps") = {.values = {[1] = (void *)&target}};

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  bpf_tail_call(ctx, &jumps, 0);
  saw->before = 1;
  bpf_tail_call(ctx, &jumps, 1);
  saw->after = 1;
  return 0;
}

// The same type, attached to nothing: only the jump leads here.
SEC("tracepoint")
int target(void *ctx) {
  __u32 zero = 0;
  struct observed *saw = bpf_map_lookup_elem(&observed, &zero);
  if (saw) saw->target = 1;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
