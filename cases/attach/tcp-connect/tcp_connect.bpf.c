// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// tcp_v4_connect gets the kernel's copy of the address; tcp_connect is reached only when
// there is a route to it.
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"
#include "sockaddr.h"

struct observed {
  __u64 hits;
  __u64 hits__on_tcp_v4_connect;
  __u64 hits__on_tcp_connect;
  __u16 port;
};
OBSERVED;

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(on_tcp_v4_connect, void *sk, const void *address) {
  struct observed *saw = observe();
  if (!saw) return 0;
  __sync_fetch_and_add(&saw->hits__on_tcp_v4_connect, 1);
  saw->port = kernel_port(address);
  return 0;
}

SEC("kprobe/tcp_connect")
int on_tcp_connect(void *ctx) {
  struct observed *saw = observe();
  if (saw) __sync_fetch_and_add(&saw->hits__on_tcp_connect, 1);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
