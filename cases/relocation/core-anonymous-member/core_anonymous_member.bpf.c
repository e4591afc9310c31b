// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// skc_daddr and skc_dport each stand in an anonymous union (of an anonymous structure) of
// sock_common. Written down here without them: only the names have to agree with the kernel.
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"

struct sock_common___flat {
  __be32 skc_daddr;
  __be16 skc_dport;
  unsigned short skc_family;
};

struct sock___flat {
  struct sock_common___flat __sk_common;
};

struct observed {
  __u64 hits;
  __u32 addr;
  __u16 port;
  __u16 family;  // AF_INET, 2
};
OBSERVED;

SEC("kprobe/tcp_connect")
int BPF_KPROBE(on_connect, struct sock___flat *sk) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->addr = bpf_ntohl(BPF_CORE_READ(sk, __sk_common.skc_daddr));
  saw->port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
  saw->family = BPF_CORE_READ(sk, __sk_common.skc_family);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
