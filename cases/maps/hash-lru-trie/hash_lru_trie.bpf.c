// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, __u64);
  __type(value, __u32);
} hash SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16);
  __type(key, __u64);
  __type(value, __u32);
} lru SEC(".maps");

struct prefix {
  __u32 bits;
  __u32 address;
};

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 16);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct prefix);
  __type(value, __u32);
} trie SEC(".maps");

struct observed {
  __u64 hits;
  __u32 hash;  // 7
  __u32 lru;   // 7
  __u32 trie;  // 7
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 key = bpf_get_current_pid_tgid();
  struct prefix network = {8, 0x0000007f}, host = {32, 0x0100007f};
  __u32 seven = 7, *found;
  struct observed *saw = observe();
  if (!saw) return 0;
  bpf_map_update_elem(&hash, &key, &seven, BPF_ANY);
  bpf_map_update_elem(&lru, &key, &seven, BPF_ANY);
  if ((found = bpf_map_lookup_elem(&hash, &key))) saw->hash = *found;
  if ((found = bpf_map_lookup_elem(&lru, &key))) saw->lru = *found;
  bpf_map_update_elem(&trie, &network, &seven, BPF_ANY);
  if ((found = bpf_map_lookup_elem(&trie, &host))) saw->trie = *found;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
