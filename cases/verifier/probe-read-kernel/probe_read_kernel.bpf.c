// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s64 rc;  // 0
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 word;
  struct observed *saw = observe();
  if (saw) saw->rc = bpf_probe_read_kernel(&word, sizeof(word), (void *)bpf_get_current_task());
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
