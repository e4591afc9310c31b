// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, 200);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} strange SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&strange, &zero) != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
