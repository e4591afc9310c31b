// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// What user space sets: sizes, values, which programs are loaded, and where one is attached.
struct inner {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 0);
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __type(key, __u32);
  __type(value, __u32);
  __array(values, struct inner);
} buffers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
} per_cpu SEC(".maps");

const volatile int dentry_argument = -1;
struct {
  unsigned short port;
  char name[8];
} settings = {1, "none"};

SEC("kprobe")
int placed(struct pt_regs *ctx) {
  __u32 key = 0;
  // Refused by the verifier if the values are not set: the loop would have no end.
  for (int i = 0; i != dentry_argument; ++i) bpf_map_lookup_elem(&per_cpu, &key);
  return settings.port == 53 && settings.name[0] == 'e' ? bpf_map_lookup_elem(&buffers, &key) != 0
                                                        : 0;
}

SEC("fentry/vfs_unlink")
int fentry__unlink(unsigned long long *ctx) { return 0; }

SEC("kprobe/vfs_unlink")
int kprobe__unlink(struct pt_regs *ctx) { return 0; }

SEC("fentry/no_such_function_here")
int left_out(unsigned long long *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
