// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What many tutorials do. The wrapper has one argument, a pointer to the registers of the system
// call: read as a file descriptor it is a meaningless number. `connect-kprobe-wrapper` reads
// the same arguments right.
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"
#include "sockaddr.h"

#ifdef __TARGET_ARCH_x86
#define WRAPPER "__x64_sys_connect"
#else
#define WRAPPER "__arm64_sys_connect"
#endif

struct observed {
  __u64 hits;
  __s32 fd;
  __u16 port;
};
OBSERVED;

SEC("kprobe/" WRAPPER)
int BPF_KPROBE(on_connect, int fd, const void *address) {
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->fd = fd;
  saw->port = user_port(address);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
