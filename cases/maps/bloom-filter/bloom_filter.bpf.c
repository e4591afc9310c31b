// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct {
  __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
  __uint(max_entries, 16);
  __type(value, __u64);
} seen SEC(".maps");

struct observed {
  __u64 hits;
  __s64 rc;        // of the push: 0
  __s64 rc__peek;  // 0: probably there
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 thread = bpf_get_current_pid_tgid();
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->rc = bpf_map_push_elem(&seen, &thread, BPF_ANY);
  saw->rc__peek = bpf_map_peek_elem(&seen, &thread);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
