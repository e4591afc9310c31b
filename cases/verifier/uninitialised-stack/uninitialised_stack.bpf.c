// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} words SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u32 key;
  asm volatile("" : "=m"(key));  // clang believes that it is written here
  return bpf_map_lookup_elem(&words, &key) != 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
