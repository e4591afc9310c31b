// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The function is in .text and is hidden: a global one would be verified for any pointer, and
// rejected. It returns nothing, unlike C's: a pointer to the caller's stack must not be returned.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u32 filled;  // 0x2a2a2a2a
};
OBSERVED;

__hidden __attribute__((noinline)) void memset(void *to, int byte, unsigned long count) {
  for (unsigned long i = 0; i < count; i++) ((volatile __u8 *)to)[i] = byte;
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u32 bytes = 0;
  struct observed *saw = observe();
  memset(&bytes, 0x2a, sizeof(bytes));
  if (saw) saw->filled = bytes;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
