// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

// User space may set a constant before the object is loaded (a log level, say): the verifier then
// sees its value and leaves dead branches out.
const volatile __u32 log_level = 3;
__u64 initialised = 40;
__u64 calls;

struct observed {
  __u64 hits;
  __u32 rodata;  // log_level
  __u64 data;    // before the first call
  __u64 bss;     // after it
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->rodata = log_level;
  if (saw->hits == 1) saw->data = initialised;
  __sync_fetch_and_add(&initialised, 1);
  __sync_fetch_and_add(&calls, 1);
  if (saw->hits == 1) saw->bss = calls;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
