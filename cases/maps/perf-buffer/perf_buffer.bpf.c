// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Without a reader on this CPU the helper returns -ENOENT: here the loader reads.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct event {
  __s32 pid;
  char comm[16];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} events SEC(".maps");

struct observed {
  __u64 hits;
  __s64 rc;  // 0
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct event event = {.pid = bpf_get_current_pid_tgid() >> 32};
  struct observed *saw = observe();
  if (!saw) return 0;
  bpf_get_current_comm(event.comm, sizeof(event.comm));
  saw->rc = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
