// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// BPF_KSYSCALL asks the loader through an extern whether this kernel wraps its system calls, and
// reads the registers accordingly. Externs are global data: not before 5.2, so that every kernel
// which accepts the program has wrappers.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"
#include "sockaddr.h"

struct observed {
  __u64 hits;
  __s32 fd__wrapped;
  __u16 port__wrapped;
};
OBSERVED;

SEC("ksyscall/connect")
int BPF_KSYSCALL(on_connect, int fd, const void *address) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->fd__wrapped = fd;
  saw->port__wrapped = user_port(address);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
