// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The section does not say which event: the loader uses the processor's clock, which every machine
// has, 250 times a second.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
};
OBSERVED;

SEC("perf_event")
int on_tick(void *ctx) {
  observe();
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
