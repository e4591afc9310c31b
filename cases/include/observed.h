// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// How a case says what it saw: an array map named `observed` with one element, a struct whose
// fields are named after the expected values they are compared with. A map, not a global variable,
// so that it works before 5.2 too; an array, so that no entry has to be created first.
//
//     struct observed {
//       __u64 hits;
//       __s32 pid;
//     };
//     OBSERVED;
//
// `hits` is always there and is counted by observe(). The names that mean the same in every case,
// because the trigger's process decides their values:
//
//     pid ppid comm          that process, as user space knows it
//     path flags mode        arguments of openat(); path also of unlink() and unlinkat()
//     fd port addr           arguments of connect(); port and IPv4 address in host byte order
//     ret                    what connect() returned
//     protocol               the EtherType of every packet, 0x0800
//     sport dport payload    ports and contents of the datagram it sends, and how many bytes the
//     payload_bytes          contents have
//     filename argv0         arguments of execve()
//
// A case sets other expected values itself ("truth" in case.json). A part after two underscores
// separates ways to read the same value (`fd__direct`, `fd__wrapped`), or the programs of an object
// by name: `hits__NAME` is that program's count, `path__NAME` what it saw.
#pragma once

#include <bpf/bpf_helpers.h>

// Whether the trigger's process is running: others make system calls too.
static __always_inline int is_trigger(void) {
  struct {
    __u64 bpfmatri, x_trig;
  } comm = {};
  bpf_get_current_comm(&comm, sizeof(comm));
  return comm.bpfmatri == 0x697274616d667062ULL && comm.x_trig == 0x0000676972742d78ULL;
}

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
