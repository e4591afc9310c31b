#include "outcome/verifier_log.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

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

TEST(VerifierStats, of_7_3_name_each_function_in_a_line_of_its_own) {
  const std::string log =
      "BPF program is too large. Processed 1000001 insn\nverification time 1912812 usec\n"
      "stack depth max 24\nsubprog 0 (main) main insns_self 16 insns_total 1000001 stack 8\n"
      "subprog 1 (counts) static insns_self 999985 insns_total 999985 stack 16\n"
      "processed 1000001 insns (limit 1000000) max_states_per_insn 12 total_states 249 "
      "peak_states 249 mark_read 0";
  EXPECT_EQ(read_verifier_stats(log).stack_bytes, 24U);
  EXPECT_EQ(read_log_end(log).reason, "BPF program is too large. Processed 1000001 insn");
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

TEST(LogEnd, of_nothing_but_statistics_is_silent) {
  EXPECT_TRUE(read_log_end("").silent);
  EXPECT_TRUE(read_log_end("processed 0 insns (limit 131072), stack depth 0\n\0").silent);
  EXPECT_FALSE(read_log_end("0: (95) exit\n").silent);
  EXPECT_EQ(read_log_end("0: (95) exit\n").reason, "");
}

TEST(LogEnd, takes_no_source_line_for_a_reason) {
  EXPECT_EQ(read_log_end("; R7 !read_ok\n").reason, "");
  EXPECT_EQ(read_log_end("3: R7 !read_ok\n").reason, "");
}

TEST(LogEnd, takes_the_instruction_that_the_reason_names) {
  EXPECT_EQ(read_log_end("back-edge from insn 10 to 2\n").named_instruction, 10U);
  EXPECT_EQ(read_log_end("unreachable insn 7\n").named_instruction, 7U);
  EXPECT_EQ(read_log_end("infinite loop detected at insn 4\n").named_instruction, 4U);
  EXPECT_EQ(read_log_end("unreachable insn 99999999999\n").named_instruction, std::nullopt);
  EXPECT_EQ(read_log_end("R7 !read_ok\n").named_instruction, std::nullopt);
}

// Debian's 6.12.
TEST(LogEnd, takes_a_reason_behind_its_instruction) {
  const LogEnd end = read_log_end(
      "21: (6d) if r3 s> r4 goto pc-12 infinite loop detected at insn 10\n"
      "cur state: R1=map_value(map=object.bss,ks=4,vs=8)\nold state: R1=scalar()\n");
  EXPECT_EQ(end.reason, "infinite loop detected at insn 10");
  EXPECT_EQ(end.named_instruction, 10U);
}

// Debian's 7.3.4.
constexpr const char* kWithReport =
    "9: (85) call bpf_spin_unlock#94\nbpf_spin_unlock without taking a lock\n\n"
    "Verification failed: Resource Lifetime Safety: Unlock without lock\n\nReason:\n"
    "  This unlock operation has no matching active lock on the current path.\n\nSuggestion:\n"
    "  Take the matching lock before this unlock, or remove the unmatched unlock path.\n\n"
    "processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
    "mark_read 0\n";

TEST(LogEnd, of_7_3_stands_before_the_report_on_it) {
  const LogEnd end = read_log_end(kWithReport);
  EXPECT_EQ(end.reason, "bpf_spin_unlock without taking a lock");
  EXPECT_EQ(end.instruction, 9U);
  EXPECT_EQ(read_verifier_stats(kWithReport).insns, 9U);
  EXPECT_EQ(find_report("no report, though it says Verification failed: x\n"), std::string::npos);
}

}  // namespace
}  // namespace bpfmatrix
