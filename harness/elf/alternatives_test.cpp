#include "elf/alternatives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ObjectInfo object(const std::vector<std::pair<const char*, const char*>>& programs) {
  ObjectInfo info;
  for (const auto& [name, section] : programs)
    info.programs.push_back({.name = name, .section = section});
  return info;
}

TEST(Alternatives, are_found_by_the_customs_of_names) {
  EXPECT_THAT(
      likely_alternatives(object({{"fentry_open", "fentry/do_open"},
                                  {"kprobe_open", "kprobe/do_open"},
                                  {"fexit_open", "fexit/do_open"},
                                  {"kretprobe_open", "kretprobe/do_open"},
                                  {"sched_switch_btf", "tp_btf/sched_switch"},
                                  {"sched_switch_raw", "raw_tp/sched_switch"},
                                  {"fentry__close", "fentry/close"},
                                  {"kprobe__close", "kprobe/close"},
                                  {"exec", "tp/sched/exec"},
                                  {"raw_exec", "raw_tp/exec"}})),
      ElementsAre(ElementsAre("exec", "raw_exec"), ElementsAre("fentry__close", "kprobe__close"),
                  ElementsAre("fentry_open", "kprobe_open"),
                  ElementsAre("fexit_open", "kretprobe_open"),
                  ElementsAre("sched_switch_btf", "sched_switch_raw")));
}

TEST(Alternatives, two_programs_of_one_method_are_two_programs) {
  EXPECT_THAT(likely_alternatives(object({{"kprobe_open", "kprobe/a"}, {"open", "kprobe/b"}})),
              IsEmpty());
  EXPECT_THAT(likely_alternatives(object({{"tp", "tp/a/b"}, {"raw_", "raw_tp/b"}, {"", ""}})),
              IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
