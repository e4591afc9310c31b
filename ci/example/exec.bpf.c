// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Counts programs that are started, and those among them that are a shell.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

static void count(__u32 slot) {
  __u64 *value = bpf_map_lookup_elem(&counts, &slot);
  if (value) __sync_fetch_and_add(value, 1);
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int count_all(void *ctx) {
  count(0);
  return 0;
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int count_shells(void *ctx) {
  char name[16];
  bpf_get_current_comm(name, sizeof(name));
  if (name[0] == 's' && name[1] == 'h' && name[2] == 0) count(1);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
