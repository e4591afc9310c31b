// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The numbers here are wrong on purpose: what arrives at run time must be the kernel's.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

enum bpf_map_type___asked {
  BPF_MAP_TYPE_HASH___asked = 98,
  BPF_MAP_TYPE_RINGBUF___asked = 99,  // 27 since 5.8
  BPF_MAP_TYPE_BPFMATRIX_NONE___asked = 97,
};

struct observed {
  __u64 hits;
  __u32 hash;            // 1
  __u32 ringbuf;         // 27; 0 where there is none
  __u32 ringbuf_exists;  // 1 since 5.8
  __u32 none_exists;     // 0
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->hash = bpf_core_enum_value(enum bpf_map_type___asked, BPF_MAP_TYPE_HASH___asked);
  saw->ringbuf_exists =
      bpf_core_enum_value_exists(enum bpf_map_type___asked, BPF_MAP_TYPE_RINGBUF___asked);
  if (saw->ringbuf_exists)
    saw->ringbuf = bpf_core_enum_value(enum bpf_map_type___asked, BPF_MAP_TYPE_RINGBUF___asked);
  saw->none_exists =
      bpf_core_enum_value_exists(enum bpf_map_type___asked, BPF_MAP_TYPE_BPFMATRIX_NONE___asked);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
