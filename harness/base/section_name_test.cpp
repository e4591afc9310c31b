#include "base/section_name.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

struct Row {
  const char* section;
  bool on_request;
  bool sleepable;
  const char* method;
  const char* target;
};

const Row kRows[] = {
    {"kprobe/do_unlinkat", false, false, "kprobe", "do_unlinkat"},
    {"?kprobe/do_unlinkat", true, false, "kprobe", "do_unlinkat"},
    {"kprobe.multi/tcp_*", false, false, "kprobe.multi", "tcp_*"},
    {"uprobe.multi.s//bin/true:main", false, true, "uprobe.multi", "/bin/true:main"},
    {"tp/sched/sched_switch", false, false, "tracepoint", "sched/sched_switch"},
    {"tracepoint/sched/sched_switch", false, false, "tracepoint", "sched/sched_switch"},
    {"?raw_tp/sys_enter", true, false, "raw_tracepoint", "sys_enter"},
    {"raw_tp.w/sys_enter", false, false, "raw_tracepoint", "sys_enter"},
    {"raw_tracepoint.w/x", false, false, "raw_tracepoint", "x"},
    {"tp_btf/sched_switch", false, false, "tp_btf", "sched_switch"},
    {"fentry.s/vfs_read", false, true, "fentry", "vfs_read"},
    {"?lsm.s/file_open", true, true, "lsm", "file_open"},
    {"struct_ops.s/init", false, true, "struct_ops", "init"},
    {"ksyscall/connect", false, false, "ksyscall", "connect"},
    {"classifier", false, false, "tc", ""},
    {"tc/egress", false, false, "tc", "egress"},
    {"xdp", false, false, "xdp", ""},
    {"xdp.frags", false, false, "xdp", ""},
    {"xdp.frags/devmap", false, false, "xdp", "devmap"},
    {"socket", false, false, "socket", ""},
    {"my.section", false, false, "my.section", ""},
    {"kprobe/", false, false, "kprobe", ""},
    {"?", true, false, "", ""},
    {"", false, false, "", ""},
};

TEST(SectionName, says_how_and_where_and_when) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.section);
    const SectionName name = parse_section_name(row.section);
    EXPECT_EQ(name.on_request, row.on_request);
    EXPECT_EQ(name.sleepable, row.sleepable);
    EXPECT_EQ(name.method, row.method);
    EXPECT_EQ(name.target, row.target);
    EXPECT_EQ(name.without_mark, row.section + (row.on_request ? 1 : 0));
  }
}

TEST(SectionName, names_a_place_where_user_space_has_nothing_to_add) {
  for (const char* section : {"kprobe/tcp_connect", "?ksyscall/connect", "tp/sched/sched_switch",
                              "fentry.s/vfs_read", "lsm/file_open", "iter/task", "usdt//bin/a:b:c"})
    EXPECT_TRUE(names_a_place(parse_section_name(section))) << section;
  for (const char* section : {"kprobe", "xdp", "tc/ingress", "cgroup/connect4", "struct_ops/init",
                              "sk_skb/stream_parser", "my_own/thing", ""})
    EXPECT_FALSE(names_a_place(parse_section_name(section))) << section;
}

}  // namespace
}  // namespace bpfmatrix
