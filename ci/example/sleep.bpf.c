// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Notes who sleeps; watch.c is the application that loads it.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u32);
  __type(value, __u64);
} sleepers SEC(".maps");

SEC("kprobe/hrtimer_nanosleep")
int on_sleep(void *ctx) {
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  __u64 now = bpf_ktime_get_ns();
  bpf_map_update_elem(&sleepers, &pid, &now, BPF_ANY);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
