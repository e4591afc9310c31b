// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A kernel that runs 32-bit programs too compiles fs/binfmt_elf.c twice and so has two
// elf_thread_core_info, whose `notes` lie at different offsets. The loader cannot know which one is
// meant: "field offset ambiguity", before anything reaches the verifier. A kernel without
// CONFIG_COMPAT has one, and accepts the program.
#include "types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct memelfnote {
  int type;
} __attribute__((preserve_access_index));

struct elf_thread_core_info {
  struct memelfnote notes[1];
} __attribute__((preserve_access_index));

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  struct elf_thread_core_info *info = (void *)bpf_get_current_task();
  return BPF_CORE_READ(info, notes[0].type);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
