// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A system call goes through __x64_sys_connect (or __arm64_sys_connect), maybe through
// __se_sys_connect, into __sys_connect. Which of them are functions is the compiler's and the
// architecture's decision. Each program counts for itself.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __u64 hits__bare;
  __u64 hits__x64;
  __u64 hits__arm64;
  __u64 hits__sign_extending;
  __u64 hits__inner;
};
OBSERVED;

SEC("kprobe/sys_connect")
int bare(void *ctx) {
  struct observed *saw = observe();
  if (saw) __sync_fetch_and_add(&saw->hits__bare, 1);
  return 0;
}

SEC("kprobe/__x64_sys_connect")
int x64(void *ctx) {
  struct observed *saw = observe();
  if (saw) __sync_fetch_and_add(&saw->hits__x64, 1);
  return 0;
}

SEC("kprobe/__arm64_sys_connect")
int arm64(void *ctx) {
  struct observed *saw = observe();
  if (saw) __sync_fetch_and_add(&saw->hits__arm64, 1);
  return 0;
}

SEC("kprobe/__se_sys_connect")
int sign_extending(void *ctx) {
  struct observed *saw = observe();
  if (saw) __sync_fetch_and_add(&saw->hits__sign_extending, 1);
  return 0;
}

SEC("kprobe/__sys_connect")
int inner(void *ctx) {
  struct observed *saw = observe();
  if (saw) __sync_fetch_and_add(&saw->hits__inner, 1);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
