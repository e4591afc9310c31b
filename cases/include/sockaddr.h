// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The port in a struct sockaddr_in, in host byte order; 0 when it cannot be read.
// Include vmlinux.h or types.h first.
#pragma once

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Of an address in the caller's memory, as a system call has it.
static __always_inline __u16 user_port(const void *address) {
  struct sockaddr_in in = {};
  bpf_probe_read_user(&in, sizeof(in), address);
  return bpf_ntohs(in.sin_port);
}

// Of the kernel's own copy, as functions below the system call have it.
static __always_inline __u16 kernel_port(const void *address) {
  struct sockaddr_in in = {};
  bpf_probe_read_kernel(&in, sizeof(in), address);
  return bpf_ntohs(in.sin_port);
}
