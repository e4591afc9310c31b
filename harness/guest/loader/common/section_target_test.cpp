#include "guest/loader/common/section_target.h"

#include <gtest/gtest.h>

namespace bpfmatrix::guest {
namespace {

TEST(SectionTarget, method_and_place) {
  const struct {
    const char* section;
    const char* method;
    const char* asked;
  } kCases[] = {{"kprobe/do_unlinkat", "kprobe", "do_unlinkat"},
                {"tp/sched/sched_switch", "tracepoint", "sched/sched_switch"},
                {"?raw_tp/sys_enter", "raw_tracepoint", "sys_enter"},
                {"fentry.s/vfs_read", "fentry", "vfs_read"},
                {"xdp.frags", "xdp", ""},
                {"socket", "socket", ""},
                {"", "", ""}};
  for (const auto& [section, method, asked] : kCases) {
    EXPECT_EQ(parse_section(section).method, method) << section;
    EXPECT_EQ(parse_section(section).asked, asked) << section;
  }
}

}  // namespace
}  // namespace bpfmatrix::guest
