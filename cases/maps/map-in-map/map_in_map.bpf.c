// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct inner {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} calls SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 2);
  __type(key, __u32);
  __array(values, struct inner);
} outer SEC(".maps") = {.values = {[1] = &calls}};

struct observed {
  __u64 hits;
  __u64 calls;       // as many as hits
  __u32 empty_slot;  // 1: nothing in slot 0
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u32 zero = 0, one = 1;
  __u64 *count;
  void *map;
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->empty_slot = bpf_map_lookup_elem(&outer, &zero) == 0;
  map = bpf_map_lookup_elem(&outer, &one);
  if (!map) return 0;
  count = bpf_map_lookup_elem(map, &zero);
  if (!count) return 0;
  __sync_fetch_and_add(count, 1);
  saw->calls = *count;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
