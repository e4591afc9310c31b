// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Only the classifier cls_bpf knows how it keeps its programs: where it is a
// module, only that module's BTF has these types. The object is its own witness: it attaches a
// classifier, and when a packet comes by reads what that one is called.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "observed.h"

struct cls_bpf_head___own {
  struct list_head plist;
} __attribute__((preserve_access_index));

struct cls_bpf_prog___own {
  struct list_head link;
  __u32 handle;
  const char *bpf_name;
} __attribute__((preserve_access_index));

struct observed {
  __u64 hits;
  __u64 hits__on_packet;
  __u64 hits__on_classify;
  __u32 handle__on_classify;   // 1: nobody asked for another number
  char name__on_classify[10];  // on_packet, and its id, for which there is no room
};
OBSERVED;

SEC("tc")
int on_packet(struct __sk_buff *skb) {
  struct observed *saw = observe();
  if (saw) saw->hits__on_packet++;
  return -1;  // TC_ACT_UNSPEC: as configured
}

SEC("kprobe/cls_bpf_classify")
int BPF_KPROBE(on_classify, struct sk_buff *skb, const struct tcf_proto *tp) {
  const struct cls_bpf_head___own *head = BPF_CORE_READ(tp, root);
  const struct cls_bpf_prog___own *first;
  struct observed *saw = observe();
  if (!saw) return 0;
  saw->hits__on_classify++;
  first = (void *)BPF_CORE_READ(head, plist.next) -
          bpf_core_field_offset(struct cls_bpf_prog___own, link);
  saw->handle__on_classify = BPF_CORE_READ(first, handle);
  bpf_probe_read_kernel_str(saw->name__on_classify, sizeof(saw->name__on_classify),
                            BPF_CORE_READ(first, bpf_name));
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
