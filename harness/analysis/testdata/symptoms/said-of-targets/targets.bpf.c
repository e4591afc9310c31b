// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define EMPTY(section, name) \
  SEC(section) __attribute__((naked)) int name(void) { asm volatile("r0 = 0; exit"); }

EMPTY("fmod_ret/do_nanosleep", result_not_to_be_changed)
EMPTY("fentry/no_such_function", function_missing)
EMPTY("tp_btf/no_such_tracepoint", btf_tracepoint_missing)
EMPTY("tracepoint/syscalls/sys_enter_nosuch", tracepoint_missing)
EMPTY("raw_tp/no_such_tracepoint", raw_tracepoint_missing)
EMPTY("kprobe/no_such_function", kprobe_missing)
EMPTY("kprobe/do_int3", kprobe_forbidden)
EMPTY("cgroup/connect_unix", unix_connect)
EMPTY("kprobe.session/do_nanosleep", session)
EMPTY("kprobe.multi/no_such_function", multi_missing)
EMPTY("netfilter", netfilter_hook)
EMPTY("sk_lookup", lookup_hook)
EMPTY("tcx/ingress", tcx_hook)
EMPTY("uprobe//proc/self/exe:no_such_function", uprobe_missing)
EMPTY("iter/no_such_iterator", iterator_missing)

char LICENSE[] SEC("license") = "GPL";
