// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Both ways in which an enumerator can be wide: below zero, where the lower half says all (it is
// extended by its sign), and a single high bit, of which the lower half says nothing: a 5.10 has
// HMM_PFN_VALID as 0 in its BTF. The numbers here are wrong on purpose.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "observed.h"

enum perf_callchain_context___asked { PERF_CONTEXT_USER___asked = 97 };
enum hmm_pfn_flags___asked { HMM_PFN_VALID___asked = 98 };

struct observed {
  __u64 hits;
  __u64 user;          // -512
  __u64 valid;         // 1 << 63; 0 where BTF has no enum64
  __u32 valid_exists;  // 1
};
OBSERVED;

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->user = bpf_core_enum_value(enum perf_callchain_context___asked, PERF_CONTEXT_USER___asked);
  saw->valid_exists = bpf_core_enum_value_exists(enum hmm_pfn_flags___asked, HMM_PFN_VALID___asked);
  if (saw->valid_exists)
    saw->valid = bpf_core_enum_value(enum hmm_pfn_flags___asked, HMM_PFN_VALID___asked);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
