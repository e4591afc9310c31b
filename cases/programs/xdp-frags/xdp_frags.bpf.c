// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int on_packet(void *ctx) {
  return 2;  // XDP_PASS
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
