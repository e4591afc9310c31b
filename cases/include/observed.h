// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// How a case says what it saw: an array map named `observed` with one element, a struct whose
// fields carry the names of the truths they are held against. A map and no global variable, so
// that it works before 5.2 too; array, so that nothing has to be created first.
//
//     struct observed {
//       __u64 hits;
//       __s32 pid;
//     };
//     OBSERVED;
//
// `hits` is always there and is counted by observe(). The names that mean the same in every case:
//
//     pid ppid comm     the process that triggered, as user space knows it
//     fd port addr      arguments of connect(); port and IPv4 address in host byte order
//     nr ret            the number of a system call, and what a function returned
//     rc                what the helper that the case is about returned
//
// A part after two underscores tells ways to the same truth apart: `fd__direct`, `fd__wrapped`.
#pragma once

#include <bpf/bpf_helpers.h>

#define OBSERVED                                                  \
  struct {                                                        \
    __uint(type, BPF_MAP_TYPE_ARRAY);                             \
    __uint(max_entries, 1);                                       \
    __type(key, __u32);                                           \
    __type(value, struct observed);                               \
  } observed SEC(".maps");                                        \
                                                                  \
  static __always_inline struct observed *observe() {             \
    __u32 zero = 0;                                               \
    struct observed *saw = bpf_map_lookup_elem(&observed, &zero); \
    if (saw) __sync_fetch_and_add(&saw->hits, 1);                 \
    return saw;                                                   \
  }                                                               \
  struct observed
