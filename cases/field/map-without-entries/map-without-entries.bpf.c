// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// User space is to size the map before the object is loaded; nobody does.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, __u64);
} sized_later SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpid")
int with_map(void *ctx) {
  __u32 key = 0;
  __u64 one = 1;
  bpf_map_update_elem(&sized_later, &key, &one, BPF_ANY);
  return 0;
}

SEC("tracepoint/syscalls/sys_enter_unlinkat")
int without_map(void *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
