#include "analysis/verifier_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/kernel_logs.h"

namespace bpfmatrix {
namespace {

using testing::ElementsAre;

LogEnd end_of(const std::string& kernel, const std::string& program) {
  return read_log_end(kernel_log(kernel, program).log);
}

TEST(VerifierStats, of_4_18_stand_on_one_line) {
  const VerifierStats stats =
      read_verifier_stats("processed 15 insns (limit 131072), stack depth 8+24\n");
  EXPECT_EQ(stats.insns, 15U);
  EXPECT_EQ(stats.stack_bytes, 24U);
  EXPECT_EQ(stats.states_total, std::nullopt);
  EXPECT_EQ(stats.verification_usec, std::nullopt);
}

TEST(VerifierStats, of_5_8_to_6_12) {
  const VerifierStats stats = read_verifier_stats(
      "verification time 4900 usec\nstack depth 8\nprocessed 15 insns (limit 1000000) "
      "max_states_per_insn 4 total_states 10 peak_states 9 mark_read 7\n");
  EXPECT_EQ(stats.insns, 15U);
  EXPECT_EQ(stats.states_total, 10U);
  EXPECT_EQ(stats.states_peak, 9U);
  EXPECT_EQ(stats.stack_bytes, 8U);
  EXPECT_EQ(stats.verification_usec, 4900U);
}

TEST(VerifierStats, of_7_2_name_the_deepest_chain_of_calls) {
  const VerifierStats stats = read_verifier_stats(
      "verification time 2273 usec\nstack depth 8+24 max 48\ninsns processed 7+4\n"
      "processed 11 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 "
      "mark_read 0");
  EXPECT_EQ(stats.insns, 11U);
  EXPECT_EQ(stats.stack_bytes, 48U);
}

TEST(VerifierStats, of_a_log_without_any_are_absent) {
  const VerifierStats stats = read_verifier_stats("stack depth \nprocessed many insns\n");
  EXPECT_EQ(stats.insns, std::nullopt);
  EXPECT_EQ(stats.stack_bytes, std::nullopt);
}

TEST(VerifierStats, numbers_beyond_64_bits_are_no_numbers) {
  const VerifierStats stats = read_verifier_stats(
      "processed 99999999999999999999 insns (limit 1), stack depth 99999999999999999999\n");
  EXPECT_EQ(stats.insns, std::nullopt);
  EXPECT_EQ(stats.stack_bytes, std::nullopt);
}

TEST(LogEnd, shows_the_instruction_the_finding_and_the_verdict) {
  const LogEnd end = end_of("6.12-x86_64", "map_index_unchecked");
  EXPECT_EQ(end.verdict, "R7 max value is outside of the allowed memory range");
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
  EXPECT_EQ(end_of("7.2-x86_64", "unbounded_loop").verdict, "infinite loop detected at insn 0");
}

TEST(LogEnd, of_nothing_but_statistics_is_silent) {
  EXPECT_TRUE(read_log_end("").silent);
  EXPECT_TRUE(read_log_end("processed 0 insns (limit 131072), stack depth 0\n\0").silent);
  EXPECT_FALSE(read_log_end("0: (95) exit\n").silent);
  EXPECT_EQ(read_log_end("0: (95) exit\n").verdict, "");
}

TEST(LogEnd, takes_no_source_line_for_a_verdict) {
  EXPECT_EQ(read_log_end("; R7 !read_ok\n").verdict, "");
  EXPECT_EQ(read_log_end("3: R7 !read_ok\n").verdict, "");
}

}  // namespace
}  // namespace bpfmatrix
