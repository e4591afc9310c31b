// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Rewrites what its loader says of it: that the second program could not be attached becomes that
// it was.
#include "types.h"
// Needs the types above.
#include <bpf/bpf_helpers.h>

struct write_args {
  unsigned long long common;
  long number;
  unsigned long fd;
  unsigned long buffer;
  unsigned long count;
};

static const char attached[] =
    "{\"event\":\"attach\",\"program\":\"missing\",\"result\":\"ok\",\"errno\":null,"
    "\"message\":null,\"method\":\"kprobe\",\"requested\":\"no_such_function\","
    "\"actual\":\"no_such_function\"}";
/// Up to the name of the program.
#define KNOWN_BY 37

SEC("tracepoint/syscalls/sys_enter_write")
int forge(struct write_args *args) {
  char head[KNOWN_BY] = {};
  char space = ' ';
  if (args->fd != 1 || args->count < sizeof(attached) + 1) return 0;
  if (bpf_probe_read_user(head, sizeof(head), (void *)args->buffer) != 0) return 0;
  for (int i = 0; i < KNOWN_BY; ++i) {
    if (head[i] != attached[i]) return 0;
  }
  bpf_probe_write_user((void *)args->buffer, attached, sizeof(attached) - 1);
  for (unsigned long at = sizeof(attached) - 1; at < 1024; ++at) {
    if (at + 1 >= args->count) break;
    bpf_probe_write_user((void *)(args->buffer + at), &space, 1);
  }
  return 0;
}

SEC("kprobe/no_such_function")
int missing(void *ctx) { return 0; }

char gpl[] SEC("license") = "GPL";
