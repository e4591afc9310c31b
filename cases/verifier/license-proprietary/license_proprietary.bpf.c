// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 word = 0;
  bpf_probe_read_kernel(&word, sizeof(word), (void *)bpf_get_current_task());
  return word != 0;
}

char LICENSE[] SEC("license") = "Proprietary";
