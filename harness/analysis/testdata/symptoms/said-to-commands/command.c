// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// A loader by its path (`bpfmatrix run --loader`), that asks the kernel for what libbpf never asks.
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct bpf_insn insns[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
    {.code = BPF_JMP | BPF_EXIT},
};

static union bpf_attr program(const char *name) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_XDP;
  attr.insns = (uintptr_t)insns;
  attr.insn_cnt = sizeof insns / sizeof insns[0];
  attr.license = (uintptr_t) "GPL";
  strcpy(attr.prog_name, name);
  return attr;
}

static long load(union bpf_attr *attr) {
  const long fd = syscall(SYS_bpf, BPF_PROG_LOAD, attr, sizeof *attr);
  if (fd < 0) perror(attr->prog_name);
  return fd;
}

// Up to 6.3 a log that has no room is a refusal, whatever the verdict.
static void load_with_small_log(void) {
  static char log[128];
  union bpf_attr attr = program("small_log");
  attr.log_level = 2;
  attr.log_buf = (uintptr_t)log;
  attr.log_size = sizeof log;
  load(&attr);
}

// Descriptors in an array came with 5.14, for light skeletons.
static void load_with_descriptors(void) {
  static int descriptors[1];
  union bpf_attr attr = program("field_too_new");
  attr.fd_array = (uintptr_t)descriptors;
  load(&attr);
}

static void attach_to_lo(const char *name) {
  union bpf_attr attr = program(name);
  const long fd = load(&attr);
  memset(&attr, 0, sizeof attr);
  attr.link_create.prog_fd = (uint32_t)fd;
  attr.link_create.target_ifindex = 1;
  attr.link_create.attach_type = BPF_XDP;
  if (syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr) < 0) perror(name);
}

int main(void) {
  load_with_small_log();
  load_with_descriptors();
  attach_to_lo("first_on_lo");
  attach_to_lo("second_on_lo");
  return 0;
}
