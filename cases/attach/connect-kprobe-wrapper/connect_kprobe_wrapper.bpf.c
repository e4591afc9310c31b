// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The wrapper has one argument: a pointer to the registers of the system call. A program that
// reads its first argument as the file descriptor loads, attaches, fires and is wrong.
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
  __s32 fd__direct;
  __s32 fd__wrapped;
  __u16 port__direct;
  __u16 port__wrapped;
};
OBSERVED;

SEC("kprobe/" WRAPPER)
int on_connect(struct pt_regs *ctx) {
  struct pt_regs *caller = (void *)PT_REGS_PARM1(ctx);
  unsigned long fd = 0, address = 0;
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->fd__direct = PT_REGS_PARM1(ctx);
  saw->port__direct = user_port((void *)PT_REGS_PARM2(ctx));
  bpf_probe_read_kernel(&fd, sizeof(fd), &PT_REGS_PARM1(caller));
  bpf_probe_read_kernel(&address, sizeof(address), &PT_REGS_PARM2(caller));
  saw->fd__wrapped = fd;
  saw->port__wrapped = user_port((void *)address);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
