// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct event {
  __s32 pid;
  char comm[16];
};

// A ring buffer's size is a multiple of the page size: 64 KiB suits every architecture.
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 65536);
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
  saw->rc = bpf_ringbuf_output(&events, &event, sizeof(event), 0);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
