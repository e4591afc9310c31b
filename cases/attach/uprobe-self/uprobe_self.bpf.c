// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The trigger's process ends by becoming the loader, whose main() is then entered.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include "observed.h"

struct observed {
  __u64 hits;
  __s32 pid;
};
OBSERVED;

SEC("uprobe//proc/self/exe:main")
int on_main(void *ctx) {
  struct observed *saw = observe();
  if (saw) saw->pid = bpf_get_current_pid_tgid() >> 32;
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
