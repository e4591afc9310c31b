// Logs that no kernel wrote, or that did not arrive whole: no crash, no hang, and rather no cause
// than a wrong one. The test's time limit is what a hang would run into.
#include <gtest/gtest.h>

#include <random>

#include "analysis/testing/failures.h"
#include "analysis/testing/kernel_logs.h"
#include "base/verifier_stats.h"

namespace bpfmatrix {
namespace {

constexpr std::size_t kHuge = 16 << 20;

Cause judged_hostile(std::string_view errno_name, std::string_view log) {
  (void)parse_verifier_stats(log);
  return classify({.errno_name = errno_name, .message = log, .log = log}).cause;
}

TEST(HostileLog, sixteen_megabytes_of_anything_have_no_cause) {
  EXPECT_EQ(judged_hostile("EACCES", std::string(kHuge, 'R')), Cause::unknown);
  EXPECT_EQ(judged_hostile("EACCES", std::string(kHuge, '\n')), Cause::unknown);
  EXPECT_EQ(judged_hostile("EACCES", std::string(kHuge, '\0')), Cause::unknown);
  std::string spaces(kHuge, ' ');
  for (std::size_t i = 0; i < spaces.size(); i += 2) spaces[i] = '\n';
  EXPECT_EQ(judged_hostile("EINVAL", spaces), Cause::unknown);
}

TEST(HostileLog, random_bytes_have_no_cause) {
  std::mt19937 random(7);
  std::string noise(1 << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(judged_hostile("EINVAL", noise), Cause::unknown);
}

TEST(HostileLog, a_reason_after_sixteen_megabytes_is_still_found) {
  const std::string log = std::string(kHuge, 'x') + "\n0: (bf) r0 = r7\nR7 !read_ok\n";
  EXPECT_EQ(judged_hostile("EACCES", log), Cause::uninitialised_read);
}

TEST(HostileLog, one_giant_line_with_a_reason_in_it_is_none) {
  const std::string reason = "R7 !read_ok";
  EXPECT_EQ(judged_hostile("EACCES", std::string(kHuge, 'x') + reason + "\n"), Cause::unknown);
  EXPECT_EQ(judged_hostile("EACCES", reason + std::string(kHuge, 'x')), Cause::unknown);
  EXPECT_EQ(judged_hostile("EACCES", reason + std::string(kHuge, '\xc3') + "\n"), Cause::unknown);
}

TEST(HostileLog, nuls_end_a_line_and_hide_nothing) {
  EXPECT_EQ(judged_hostile("EACCES", std::string("R7 !read_ok\0\0\n\0", 16)),
            Cause::uninitialised_read);
  EXPECT_EQ(judged_hostile("EACCES", std::string("R7\0 !read_ok\n", 13)), Cause::unknown);
  EXPECT_EQ(judged_hostile("EACCES", std::string(kHuge, '\0') + "\nR7 !read_ok\n"),
            Cause::uninitialised_read);
}

TEST(HostileLog, text_that_is_no_utf8_is_matched_byte_by_byte) {
  EXPECT_EQ(judged_hostile("EACCES", "R7 !read_ok\xff\n"), Cause::unknown);
  EXPECT_EQ(judged_hostile("EINVAL", "cannot pass map_type 4 into func \xc3\x28#1\n"),
            Cause::unknown);
  EXPECT_EQ(judged_hostile("EACCES", "; \xf0\x28\x8c\xbc\n0: (bf) r0 = r7\nR7 !read_ok\n"),
            Cause::uninitialised_read);
}

std::string repeated(std::string_view line, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += line;
  return text;
}

// Nearly a reason, megabytes of it: none, and no more work than for the end alone. How much is
// read is counted in bytes, not in seconds.
TEST(HostileLog, nearly_matching_lines_are_no_reason_however_many) {
  for (const char* nearly :
       {"R7 !read_okay\n", "invalid access to map value, value_size=8 off=8 size\n",
        "R1 min value is outside of the allowed memory rangee\n", "back-edge from insn 1 to\n",
        "invalid bpf_context access off=8 size=8 and so on\n", "R99999999999 type= expected=\n"}) {
    EXPECT_EQ(judged_hostile("EACCES", repeated(nearly, kHuge)), judged_hostile("EACCES", nearly))
        << nearly;
  }
}

TEST(HostileLog, only_the_end_decides) {
  const std::string end =
      "7: (bf) r0 = r7\nR7 !read_ok\nprocessed 8 insns (limit 1000000) "
      "max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n";
  const LogEnd alone = read_log_end(end);
  for (const char* before : {"R1 invalid mem access 'inv'\n", "unreachable insn 3\n", "\xff\n"}) {
    const LogEnd found = read_log_end(repeated(before, kHuge) + end);
    EXPECT_EQ(found.reason, alone.reason);
    EXPECT_EQ(found.instruction, alone.instruction);
    EXPECT_LE(found.lines.size(), 4U);
  }
}

/// Cut anywhere, a real log has its own cause or none.
TEST(HostileLog, a_log_cut_anywhere_is_never_misjudged) {
  for (const KernelLog& whole : kernel_logs()) {
    if (whole.accepted || whole.log.empty() || whole.kernel.find("x86_64") == std::string::npos) {
      continue;
    }
    const Cause right = classify(failure_of(whole)).cause;
    for (std::size_t size = 0; size < whole.log.size(); size += 7) {
      KernelLog cut = whole;
      cut.log.resize(size);
      const Cause found = classify(failure_of(cut)).cause;
      ASSERT_TRUE(found == right || found == Cause::unknown)
          << whole.program << " on " << whole.kernel << " cut at " << size << ": "
          << to_string(found);
    }
  }
}

TEST(HostileLog, a_refusal_cut_anywhere_is_never_misjudged) {
  for (Outcome failure : failures()) {
    if (failure.programs.empty() || failure.programs[0].load.log_tail.empty()) continue;
    const Cause right = diagnose_program(failure, failure.programs[0])->cause;
    std::string& log = failure.programs[0].load.log_tail;
    for (const std::string whole = log; !log.empty(); log.pop_back()) {
      const Cause found = diagnose_program(failure, failure.programs[0])->cause;
      ASSERT_TRUE(found == right || found == Cause::unknown || found == Cause::log_truncated)
          << symptom(failure) << " on " << failure.kernel.id << ", " << log.size()
          << " bytes: " << to_string(found);
    }
  }
}

TEST(HostileLog, a_damaged_log_is_read_or_not) {
  std::mt19937 random(11);
  for (const KernelLog& whole : kernel_logs()) {
    std::string log = whole.log;
    for (int i = 0; i < 20 && !log.empty(); ++i) {
      log[random() % log.size()] = static_cast<char>(random());
      (void)judged_hostile(whole.errno_name, log);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
