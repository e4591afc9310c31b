#include "guest/loader/app/program_match.h"

#include <gtest/gtest.h>

namespace bpfmatrix::guest {
namespace {

const std::vector<WantedProgram> kWanted{
    {"on_connect", "kprobe/tcp_connect", "kprobe", 40},
    {"a_very_long_name_of_one", "tracepoint/a/b", "tracepoint", 20},
    {"a_very_long_name_of_two", "kprobe/b", "kprobe", 20},
    {"a_very_long_name_of_three", "kprobe/c", "kprobe", 30},
    {"tiny", "xdp", "xdp", 2},
    {"of_no_type", "my_section", "unknown", 20},
};

TEST(ProgramMatch, by_name_and_no_instruction_missing) {
  EXPECT_EQ(match_program(kWanted, {"on_connect", "kprobe", 40}), 0U);
  EXPECT_EQ(match_program(kWanted, {"on_connect", "kprobe", 52}), 0U) << "a function it calls";
  EXPECT_FALSE(match_program(kWanted, {"on_connect", "kprobe", 39}));
  EXPECT_FALSE(match_program(kWanted, {"on_accept", "kprobe", 40}));
  EXPECT_EQ(match_program(kWanted, {"tiny", "xdp", 2}), 4U) << "small, and named as the object's";
}

TEST(ProgramMatch, what_the_kernel_cut_off_is_stop_signal_type_and_size) {
  EXPECT_EQ(match_program(kWanted, {"a_very_long_nam", "tracepoint", 20}), 1U);
  EXPECT_EQ(match_program(kWanted, {"a_very_long_nam", "kprobe", 20}), 2U);
  EXPECT_EQ(match_program(kWanted, {"a_very_long_nam", "kprobe", 33}), 3U);
}

TEST(ProgramMatch, a_name_that_was_cut_is_the_one_of_its_function) {
  const std::vector<WantedProgram> alike{
      {"tracepoint__sys_enter_open", "tracepoint/a/open", "tracepoint", 20},
      {"tracepoint__sys_enter_openat", "tracepoint/a/openat", "tracepoint", 20}};
  const ProgramShape sent{"tracepoint__sys", "tracepoint", 20, "tracepoint__sys_enter_openat"};
  EXPECT_EQ(match_program(alike, sent), 1U);
  ProgramShape other = sent;
  other.function = "tracepoint__sys_enter_close";
  EXPECT_FALSE(match_program(alike, other)) << "none of the object's";
  other.function = "main";
  EXPECT_EQ(match_program(alike, other), 0U) << "its loader gave it another name";
}

TEST(ProgramMatch, one_of_another_type_is_none_of_the_object) {
  EXPECT_FALSE(match_program(kWanted, {"on_connect", "socket_filter", 40}));
  EXPECT_EQ(match_program(kWanted, {"of_no_type", "xdp", 20}), 5U) << "its section leaves it open";
}

TEST(ProgramMatch, a_program_without_a_name_must_be_as_long_as_the_object_says) {
  EXPECT_EQ(match_program(kWanted, {"", "kprobe", 40}), 0U);
  EXPECT_FALSE(match_program(kWanted, {"", "kprobe", 41}));
  EXPECT_FALSE(match_program(kWanted, {"", "xdp", 2})) << "any loader's probe";
}

TEST(ProgramMatch, the_questions_of_loaders_are_no_programs) {
  const ProgramShape probes[] = {
      {"libbpf_nametest", "socket_filter", 2}, {"", "socket_filter", 2}, {"", "kprobe", 8}};
  for (const ProgramShape& probe : probes) {
    EXPECT_FALSE(match_program(kWanted, probe)) << probe.name;
    EXPECT_TRUE(looks_like_probe(probe)) << probe.name;
  }
  EXPECT_FALSE(looks_like_probe({"x", "kprobe", 17}));
}

TEST(ProgramMatch, names_alike_without_btf_are_told_apart_by_their_order) {
  std::vector<WantedProgram> wanted{{"kretprobe__vfs_write", "kprobe/a", "kprobe", 2},
                                    {"kretprobe__vfs_writev", "kprobe/b", "kprobe", 2}};
  const ProgramShape sent{"kretprobe__vfs_", "kprobe", 2, ""};
  EXPECT_EQ(match_program(wanted, sent), 0U);
  EXPECT_EQ(match_program(wanted, sent), 0U) << "it may be tried again";
  wanted[0].accepted = true;
  EXPECT_EQ(match_program(wanted, sent), 1U);
}

}  // namespace
}  // namespace bpfmatrix::guest
