// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Tracing programs may not use timers; a classifier may. The first packet starts the timer, and the
// callback runs later, outside any system call.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

#define CLOCK_MONOTONIC 1

struct bpf_timer {
  __u64 opaque[2];
} __attribute__((aligned(8)));

struct alarm {
  struct bpf_timer timer;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct alarm);
} alarms SEC(".maps");

struct observed {
  __u64 hits;
  __s64 rc__init;
  __s64 rc__callback;
  __s64 rc__start;
  __u32 fired;  // 1
};
OBSERVED;

static int on_time(void *map, __u32 *key, struct alarm *alarm) {
  __u32 zero = 0;
  struct observed *saw = bpf_map_lookup_elem(&observed, &zero);
  if (saw) saw->fired = 1;
  return 0;
}

SEC("tc")
int on_packet(struct __sk_buff *skb) {
  __u32 zero = 0;
  struct alarm *alarm = bpf_map_lookup_elem(&alarms, &zero);
  struct observed *saw = observe();
  if (!alarm || !saw || saw->hits != 1) return -1;
  saw->rc__init = bpf_timer_init(&alarm->timer, &alarms, CLOCK_MONOTONIC);
  saw->rc__callback = bpf_timer_set_callback(&alarm->timer, on_time);
  saw->rc__start = bpf_timer_start(&alarm->timer, 0, 0);
  return -1;  // TC_ACT_UNSPEC: as configured
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
