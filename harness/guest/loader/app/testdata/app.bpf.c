// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What test_app.cpp loads: two programs that are taken everywhere and one that is taken
// nowhere.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s32 pid;
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (saw) saw->pid = bpf_get_current_pid_tgid() >> 32;
  return 0;
}

SEC("kprobe/__sys_connect")
int on_connect(void *ctx) { return 0; }

SEC("tracepoint/syscalls/sys_enter_getppid")
int refused(void *ctx) { return *(int *)(ctx + 65536); }

char _license[] SEC("license") = "GPL";
