// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("netfilter")
int on_packet(void *ctx) {
  return 1;  // NF_ACCEPT
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
