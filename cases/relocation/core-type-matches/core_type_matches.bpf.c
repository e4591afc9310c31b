// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The newest kind of relocation is one that clang writes from version 15 on only, so its BTF and
// .BTF.ext are written here by hand: two structures, and a type_matches for each.
#include "types.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 same, other;
  asm volatile("asks_list_head: %0 = 1" : "=r"(same));    // stays 1
  asm volatile("asks_hlist_head: %0 = 1" : "=r"(other));  // becomes 0
  return same && !other;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define KIND(kind, vlen) ".long " #kind " << 24 | " #vlen "\n"
#define MEMBER(name, type, bit) ".long " name " - strings, " #type ", " #bit "\n"

asm(".section .BTF,\"\",@progbits\n"
    ".short 0xeb9f\n .byte 1, 0\n .long 24\n"
    ".long 0, strings - types, strings - types, end - strings\n"
    "types:\n"
    // [1] struct list_head { struct list_head *next, *prev; };
    ".long list_head - strings\n" KIND(4, 2) ".long 16\n"
    MEMBER("next", 2, 0) MEMBER("prev", 2, 64)
    // [2] struct list_head *
    ".long 0\n" KIND(2, 0) ".long 1\n"
    // [3] struct hlist_head { struct list_head *last; };
    ".long hlist_head - strings\n" KIND(4, 1) ".long 8\n" MEMBER("last", 2, 0)
    "strings: .byte 0\n"
    "list_head: .asciz \"list_head\"\n"
    "hlist_head: .asciz \"hlist_head\"\n"
    "next: .asciz \"next\"\n"
    "prev: .asciz \"prev\"\n"
    "last: .asciz \"last\"\n"
    "access: .asciz \"0\"\n"
    "section: .asciz \"tracepoint/syscalls/sys_enter_getpid\"\n"
    "end:\n"
    ".section .BTF.ext,\"\",@progbits\n"
    ".short 0xeb9f\n .byte 1, 0\n .long 32\n"
    // No functions, no lines, 44 bytes of relocations.
    ".long 0, 0, 0, 0, 0, 44\n"
    ".long 16\n"
    ".long section - strings, 2\n"
    ".long asks_list_head - on_getpid, 1, access - strings, 12\n"
    ".long asks_hlist_head - on_getpid, 3, access - strings, 12\n"
    ".text");
