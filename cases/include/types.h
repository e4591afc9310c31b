// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// For programs that touch no structure of the kernel: the integer types, and what of the kernel's
// user interface the cases need. None of it has changed since it came, so that such a program is
// the same whichever kernel a vmlinux.h would have been made from.
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum bpf_map_type {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PROG_ARRAY = 3,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
  BPF_MAP_TYPE_PERCPU_HASH = 5,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_LRU_HASH = 9,
  BPF_MAP_TYPE_LPM_TRIE = 11,
  BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
  BPF_MAP_TYPE_RINGBUF = 27,       // 5.8
  BPF_MAP_TYPE_BLOOM_FILTER = 30,  // 5.16
  BPF_MAP_TYPE_ARENA = 33,         // 6.9
};

enum { BPF_ANY = 0, BPF_F_NO_PREALLOC = 1 };
#define BPF_F_CURRENT_CPU 0xffffffffULL

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS };

struct xdp_md {
  __u32 data;
  __u32 data_end;
};

// The beginning of it.
struct __sk_buff {
  __u32 len;
  __u32 pkt_type;
  __u32 mark;
  __u32 queue_mapping;
  __u32 protocol;
};

// The beginning of it.
struct bpf_sock_addr {
  __u32 user_family;
  __u32 user_ip4;
  __u32 user_ip6[4];
  __u32 user_port;
};

struct sockaddr_in {
  __u16 sin_family;
  __be16 sin_port;
  __be32 sin_addr;
  __u8 padding[8];
};
