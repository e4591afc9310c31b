#include "outcome/verifier_log.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(LogEnd, of_nothing_but_statistics_is_silent) {
  EXPECT_TRUE(read_log_end("").silent);
  EXPECT_TRUE(read_log_end("processed 0 insns (limit 131072), stack depth 0\n\0").silent);
  EXPECT_FALSE(read_log_end("0: (95) exit\n").silent);
  EXPECT_EQ(read_log_end("0: (95) exit\n").reason, "");
}

TEST(LogEnd, stands_before_the_statistics_of_7_3) {
  const LogEnd end = read_log_end(
      "BPF program is too large. Processed 1000001 insn\nverification time 1912812 usec\n"
      "stack depth max 24\nsubprog 0 (main) main insns_self 16 insns_total 1000001 stack 8\n"
      "subprog 1 (counts) static insns_self 999985 insns_total 999985 stack 16\n"
      "processed 1000001 insns (limit 1000000) max_states_per_insn 12 total_states 249 "
      "peak_states 249 mark_read 0");
  EXPECT_EQ(end.reason, "BPF program is too large. Processed 1000001 insn");
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
  EXPECT_EQ(find_report("no report, though it says Verification failed: x\n"), std::string::npos);
}

}  // namespace
}  // namespace bpfmatrix
