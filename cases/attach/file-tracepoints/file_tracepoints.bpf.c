// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Paths lie in the caller's memory, where a program reads them as it enters the call.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct sys_enter_openat {
  __u64 common;
  __s64 nr;
  __s64 directory;
  const char *path;
  __u64 flags;
  __u64 mode;
};

struct sys_enter_unlinkat {
  __u64 common;
  __s64 nr;
  __s64 directory;
  const char *path;
  __u64 flags;
};

struct observed {
  __u64 hits;
  __u64 hits__on_openat;
  __u64 hits__on_unlinkat;
  char path__on_openat[64];
  __u32 flags;
  __u32 mode;
  char path__on_unlinkat[64];
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct sys_enter_openat *ctx) {
  struct observed *saw = is_trigger() ? observe() : 0;
  if (!saw) return 0;
  saw->hits__on_openat++;
  bpf_probe_read_user_str(saw->path__on_openat, sizeof(saw->path__on_openat), ctx->path);
  saw->flags = ctx->flags;
  saw->mode = ctx->mode;
  return 0;
}

SEC("tracepoint/syscalls/sys_enter_unlinkat")
int on_unlinkat(struct sys_enter_unlinkat *ctx) {
  struct observed *saw = is_trigger() ? observe() : 0;
  if (!saw) return 0;
  saw->hits__on_unlinkat++;
  bpf_probe_read_user_str(saw->path__on_unlinkat, sizeof(saw->path__on_unlinkat), ctx->path);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
