// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// `kprobe/sys_connect` is used as written. `connect-kprobe-names` tries the other names,
// `connect-ksyscall` leaves the choice to the loader.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
};
OBSERVED;

SEC("kprobe/sys_connect")
int on_connect(void *ctx) {
  observe();
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
