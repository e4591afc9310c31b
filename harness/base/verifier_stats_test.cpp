#include "base/verifier_stats.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

constexpr auto kNone = std::nullopt;
using Number = std::optional<std::uint64_t>;

struct Case {
  const char* kernel;
  const char* log;
  Number insns, states_total, states_peak, stack_bytes, usec;
};

// As the kernels wrote them.
const Case kCases[] = {
    {"4.18", "14: (95) exit\nprocessed 15 insns (limit 131072), stack depth 0+0\n", 15, kNone,
     kNone, 0, kNone},
    {"5.1", "processed 20 insns (limit 131072), stack depth 12\n", 20, kNone, kNone, 12, kNone},
    {"5.8",
     "verification time 123 usec\nstack depth 16+8\n"
     "processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 3 peak_states 2 "
     "mark_read 1\n",
     4, 3, 2, 24, 123},
    {"7.2",
     "verification time 2668 usec\nstack depth 0+8 max 16\ninsns processed 15\n"
     "processed 15 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 "
     "mark_read 0\n",
     15, 1, 1, 8, 2668},
    {"7.3",
     "verification time 1912812 usec\nstack depth max 0\n"
     "subprog 0 (processed_too_much) main insns_self 16 insns_total 1000001 stack 0\n"
     "processed 1000001 insns (limit 1000000) max_states_per_insn 12 total_states 249 "
     "peak_states 249 mark_read 0\n",
     1000001, 249, 249, 0, 1912812},
    {"7.3, with a subprogram",
     "stack depth max 48\n"
     "subprog 0 (main) main insns_self 16 insns_total 1000001 stack 8\n"
     "subprog 1 (counts) static insns_self 999985 insns_total 999985 stack 24\n",
     kNone, kNone, kNone, 32, kNone},
    {"7.3, before its subprograms", "stack depth max 48\n", kNone, kNone, kNone, kNone, kNone},
    {"a rejection",
     "R0 invalid mem access 'inv'\nprocessed 7 insns (limit 1000000) max_states_per_insn 0 "
     "total_states 0 peak_states 0 mark_read 0\n",
     7, 0, 0, kNone, kNone},
    {"no log", "", kNone, kNone, kNone, kNone, kNone},
    {"no number", "processed many insns\nstack depth \nverification time \n", kNone, kNone, kNone,
     kNone, kNone},
    {"too large a number", "processed 99999999999999999999999 insns\n", kNone, kNone, kNone, kNone,
     kNone},
    {"too large a frame", "stack depth 8+99999999999999999999999\n", kNone, kNone, kNone, kNone,
     kNone},
    {"cut short", "processed 12", kNone, kNone, kNone, kNone, kNone},
    {"a list that is cut short", "stack depth 16+", kNone, kNone, kNone, kNone, kNone},
};

TEST(VerifierStats, are_read_from_the_words_of_every_kernel) {
  for (const Case& c : kCases) {
    const VerifierLogStats stats = parse_verifier_stats(c.log);
    EXPECT_EQ(stats.insns, c.insns) << c.kernel;
    EXPECT_EQ(stats.states_total, c.states_total) << c.kernel;
    EXPECT_EQ(stats.states_peak, c.states_peak) << c.kernel;
    EXPECT_EQ(stats.stack_bytes, c.stack_bytes) << c.kernel;
    EXPECT_EQ(stats.verification_usec, c.usec) << c.kernel;
  }
}

/// Kernels differ in what they say of a program's stack, not in what is read of it.
TEST(VerifierStats, the_stack_of_one_program_compares_across_kernels) {
  for (const char* log :
       {"processed 15 insns (limit 131072), stack depth 8+24\n", "stack depth 8+24\n",
        "stack depth 8+24 max 48\n",
        "stack depth max 48\nsubprog 0 (a) main insns_self 1 insns_total 2 stack 8\n"
        "subprog 1 (b) static insns_self 1 insns_total 1 stack 24\n"}) {
    EXPECT_EQ(parse_verifier_stats(log).stack_bytes, 32U) << log;
  }
}

TEST(VerifierStats, are_looked_for_at_the_end_of_a_long_log) {
  const std::string early = "processed 1 insns (limit 131072), stack depth 8\n";
  const std::string late = "processed 2 insns (limit 131072), stack depth 16\n";
  const auto stats = parse_verifier_stats(early + std::string(1 << 20, 'x') + "\n" + late);
  EXPECT_EQ(stats.insns, 2);
  EXPECT_EQ(stats.stack_bytes, 16);
}

}  // namespace
}  // namespace bpfmatrix
