// What is read from the ends of real logs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/testing/kernel_logs.h"
#include "outcome/verifier_log.h"

namespace bpfmatrix {
namespace {

using testing::ElementsAre;

LogEnd end_of(const std::string& kernel, const std::string& program) {
  return read_log_end(kernel_log(kernel, program).log);
}

TEST(LogEnd, shows_the_instruction_the_finding_and_the_reason) {
  const LogEnd end = end_of("6.12-x86_64", "map_index_unchecked");
  EXPECT_EQ(end.reason, "R7 max value is outside of the allowed memory range");
  EXPECT_EQ(end.instruction, 13U);
  EXPECT_THAT(end.lines, ElementsAre("13: (79) r6 = *(u64 *)(r7 +0)",
                                     "invalid access to map value, value_size=128 off=504 size=8",
                                     "R7 max value is outside of the allowed memory range"));
}

TEST(LogEnd, of_4_18_has_no_source_line) {
  const LogEnd end = end_of("4.18.0-x86_64", "null_dereference");
  EXPECT_EQ(end.instruction, 7U);
  EXPECT_FALSE(end.source);
  EXPECT_THAT(end.lines, ElementsAre("7: (79) r0 = *(u64 *)(r0 +0)",
                                     "R0 invalid mem access 'map_value_or_null'"));
}

TEST(LogEnd, has_the_text_of_the_source_line_from_5_1_on) {
  const LogEnd end = end_of("5.10-x86_64", "null_dereference");
  ASSERT_TRUE(end.source);
  EXPECT_EQ(end.source->file, "");
  EXPECT_TRUE(end.source->text.starts_with("SEC(\"kprobe/x\") int p(void *c) { u32 k = 0;"))
      << end.source->text;
}

TEST(LogEnd, has_file_and_line_where_the_kernel_prints_them) {
  const LogEnd end = end_of("6.12-x86_64", "null_dereference");
  ASSERT_TRUE(end.source);
  EXPECT_EQ(end.source->file, "null_dereference.bpf.c");
  EXPECT_EQ(end.source->line, 3U);
}

TEST(LogEnd, looks_past_the_states_behind_an_infinite_loop) {
  EXPECT_EQ(end_of("7.2-x86_64", "unbounded_loop").reason, "infinite loop detected at insn 0");
}

}  // namespace
}  // namespace bpfmatrix
