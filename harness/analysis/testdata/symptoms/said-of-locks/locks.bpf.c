// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct guarded {
  struct bpf_spin_lock lock;
  __u32 padding;
  __u64 packets;
};

struct timed {
  struct bpf_timer timer;
  __u64 packets;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct guarded);
} guarded SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64[4]);
} plain SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);
  __type(value, __u64);
} allocated_late SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 8);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);
  __type(value, __u64);
} prefixes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
  __type(key, struct bpf_cgroup_storage_key);
  __type(value, __u64);
} of_cgroup SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
  __type(key, struct bpf_cgroup_storage_key);
  __type(value, __u64);
} of_cgroup_too SEC(".maps");

static __always_inline struct guarded *guarded_value(__u32 key) {
  return bpf_map_lookup_elem(&guarded, &key);
}

SEC("tc")
int two_locks(void *ctx) {
  struct guarded *first = guarded_value(0);
  struct guarded *second = guarded_value(1);
  if (!first || !second) return 0;
  bpf_spin_lock(&first->lock);
  bpf_spin_lock(&second->lock);
  return 0;
}

SEC("tc")
int unlocked_twice(void *ctx) {
  struct guarded *value = guarded_value(0);
  if (value) bpf_spin_unlock(&value->lock);
  return 0;
}

SEC("tc")
int other_lock_released(void *ctx) {
  struct guarded *first = guarded_value(0);
  struct guarded *second = guarded_value(1);
  if (!first || !second) return 0;
  bpf_spin_lock(&first->lock);
  bpf_spin_unlock(&second->lock);
  return 0;
}

SEC("tc")
int helper_while_locked(void *ctx) {
  struct guarded *value = guarded_value(0);
  if (!value) return 0;
  bpf_spin_lock(&value->lock);
  value->packets = bpf_ktime_get_ns();
  bpf_spin_unlock(&value->lock);
  return 0;
}

static __attribute__((noinline)) int counts(struct guarded *value) { return value->packets > 5; }

SEC("tc")
int function_while_locked(void *ctx) {
  struct guarded *value = guarded_value(0);
  if (!value) return 0;
  bpf_spin_lock(&value->lock);
  int more = counts(value);
  bpf_spin_unlock(&value->lock);
  return more;
}

__attribute__((noinline)) int counts_globally(__u64 n) { return n > 5; }

SEC("tc")
int global_while_locked(void *ctx) {
  struct guarded *value = guarded_value(0);
  if (!value) return 0;
  bpf_spin_lock(&value->lock);
  int more = counts_globally(value->packets);
  bpf_spin_unlock(&value->lock);
  return more;
}

SEC("tc")
int lock_written(void *ctx) {
  struct guarded *value = guarded_value(0);
  if (value) *(volatile __u32 *)&value->lock = 1;
  return 0;
}

SEC("tc")
int lock_where_none_is(void *ctx) {
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem(&plain, &key);
  if (value) bpf_spin_lock((void *)value);
  return 0;
}

SEC("tc")
int lock_beside_itself(void *ctx) {
  struct guarded *value = guarded_value(0);
  if (value) bpf_spin_lock((void *)&value->packets);
  return 0;
}

SEC("kprobe")
int lock_in_tracing(void *ctx) {
  struct guarded *value = guarded_value(0);
  return value != 0;
}

SEC("perf_event")
int late_allocation_in_nmi(void *ctx) {
  __u32 key = 0;
  return bpf_map_lookup_elem(&allocated_late, &key) != 0;
}

SEC("lsm.s/file_open")
int trie_while_sleeping(void *ctx) {
  __u64 key = 0;
  bpf_map_lookup_elem(&prefixes, &key);
  return 0;
}

SEC("cgroup_skb/ingress")
int two_storages(void *ctx) {
  __u64 *one = bpf_get_local_storage(&of_cgroup, 0);
  __u64 *two = bpf_get_local_storage(&of_cgroup_too, 0);
  return *one > *two;
}

SEC("tc")
int socket_kept(struct __sk_buff *skb) {
  struct bpf_sock_tuple tuple = {};
  return bpf_sk_lookup_tcp(skb, &tuple, sizeof tuple.ipv4, -1, 0) != 0;
}

SEC("tc")
int socket_released_unchecked(struct __sk_buff *skb) {
  struct bpf_sock_tuple tuple = {};
  bpf_sk_release(bpf_sk_lookup_tcp(skb, &tuple, sizeof tuple.ipv4, -1, 0));
  return 0;
}

SEC("tc")
int socket_never_acquired(struct __sk_buff *skb) {
  struct bpf_sock *socket = skb->sk;
  if (socket) bpf_sk_release(socket);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
