// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// FUNC (4.20), VAR and DATASEC (5.2), global FUNC (5.6), FLOAT (5.13), DECL_TAG (5.16), TYPE_TAG
// (5.17). Which of them a kernel accepts (BPF_BTF_LOAD) has nothing to do with whether it has BTF
// of its own.
#include "types.h"
#include <bpf/bpf_helpers.h>

struct described {
  float ratio;
  int __attribute__((btf_type_tag("user"))) * pointer;
  int tagged __attribute__((btf_decl_tag("bpfmatrix")));
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct described);
} things SEC(".maps");

__attribute__((noinline)) int global_function(__u32 x) { return x + bpf_ktime_get_ns(); }

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&things, &zero) && global_function(1) == 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
