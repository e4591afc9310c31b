// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// As a user of Aya sets AYA_LOG_LEVEL, or of libbpf a field of its skeleton's rodata. What is not
// set keeps what it was compiled with.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

const volatile __u32 log_level = 3;
const volatile __s64 offset = -5;
__u64 limit = 100;

struct observed {
  __u64 hits;
  __u32 log_level;
  __s64 offset;
  __u64 limit;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->log_level = log_level;
  saw->offset = offset;
  saw->limit = limit;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
