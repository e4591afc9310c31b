// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The program attaches; it fires only in a process that starts the loader while it is attached.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
};
OBSERVED;

SEC("uprobe//proc/self/exe:main")
int on_main(void *ctx) {
  observe();
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
