// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("kprobe/do_nanosleep")
int on_sleep(void *ctx) {
  __u64 first = 0;
  bpf_probe_read_kernel(&first, sizeof first, ctx);
  return first >> 63;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
