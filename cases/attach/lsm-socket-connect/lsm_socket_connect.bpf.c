// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Debian's 5.10 has the option but not the module in its list: it attaches and does not fire.
#include "types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"
#include "sockaddr.h"

struct observed {
  __u64 hits;
  __u16 port;
};
OBSERVED;

SEC("lsm/socket_connect")
int BPF_PROG(on_connect, void *sock, const void *address) {
  struct observed *saw = observe();
  if (saw) saw->port = kernel_port(address);
  return 0;  // allowed
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
