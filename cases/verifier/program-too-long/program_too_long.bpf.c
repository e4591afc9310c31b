// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"
#include <bpf/bpf_helpers.h>

// Eight instructions of two operands each that clang cannot merge.
#define EIGHT(x) \
  asm volatile("%0 += 1; %0 ^= 2; %0 += 3; %0 ^= 4; %0 += 5; %0 ^= 6; %0 += 7; %0 ^= 8" : "+r"(x));
#define SIXTY_FOUR(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x)
#define FIVE_HUNDRED_TWELVE(x) \
  SIXTY_FOUR(x)                \
  SIXTY_FOUR(x) SIXTY_FOUR(x) SIXTY_FOUR(x) SIXTY_FOUR(x) SIXTY_FOUR(x) SIXTY_FOUR(x) SIXTY_FOUR(x)

SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) {
  __u64 x = bpf_ktime_get_ns();
  FIVE_HUNDRED_TWELVE(x)
  FIVE_HUNDRED_TWELVE(x)
      FIVE_HUNDRED_TWELVE(x) FIVE_HUNDRED_TWELVE(x) FIVE_HUNDRED_TWELVE(x) FIVE_HUNDRED_TWELVE(x)
          FIVE_HUNDRED_TWELVE(x) FIVE_HUNDRED_TWELVE(x) return x &
      1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
