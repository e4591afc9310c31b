// Logs that no kernel wrote, or that did not arrive whole: no crash, no hang, and rather no cause
// than a wrong one. The test's time limit is what a hang would run into.
#include <gtest/gtest.h>

#include <random>

#include "analysis/kernel_logs.h"

namespace bpfmatrix {
namespace {

constexpr std::size_t kHuge = 16 << 20;

Cause judged(std::string_view errno_name, std::string_view log) {
  (void)read_verifier_stats(log);
  return classify({.errno_name = errno_name, .message = log, .log = log}).cause;
}

TEST(HostileLog, sixteen_megabytes_of_anything_have_no_cause) {
  EXPECT_EQ(judged("EACCES", std::string(kHuge, 'R')), Cause::unknown);
  EXPECT_EQ(judged("EACCES", std::string(kHuge, '\n')), Cause::unknown);
  EXPECT_EQ(judged("EACCES", std::string(kHuge, '\0')), Cause::unknown);
  std::string spaces(kHuge, ' ');
  for (std::size_t i = 0; i < spaces.size(); i += 2) spaces[i] = '\n';
  EXPECT_EQ(judged("EINVAL", spaces), Cause::unknown);
}

TEST(HostileLog, random_bytes_have_no_cause) {
  std::mt19937 random(7);
  std::string noise(1 << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(judged("EINVAL", noise), Cause::unknown);
}

TEST(HostileLog, a_verdict_after_sixteen_megabytes_is_still_found) {
  const std::string log = std::string(kHuge, 'x') + "\n0: (bf) r0 = r7\nR7 !read_ok\n";
  EXPECT_EQ(judged("EACCES", log), Cause::uninitialised_read);
}

/// Cut anywhere, a real log has its own cause or none.
TEST(HostileLog, a_log_cut_anywhere_is_never_misjudged) {
  for (const KernelLog& whole : kernel_logs()) {
    if (whole.accepted || whole.log.empty() || whole.kernel.find("x86_64") == std::string::npos) {
      continue;
    }
    const Cause right = classify(refusal_of(whole)).cause;
    for (std::size_t size = 0; size < whole.log.size(); size += 7) {
      KernelLog cut = whole;
      cut.log.resize(size);
      const Cause found = classify(refusal_of(cut)).cause;
      ASSERT_TRUE(found == right || found == Cause::unknown)
          << whole.program << " on " << whole.kernel << " cut at " << size << ": "
          << to_string(found);
    }
  }
}

TEST(HostileLog, a_damaged_log_is_read_or_not) {
  std::mt19937 random(11);
  for (const KernelLog& whole : kernel_logs()) {
    std::string log = whole.log;
    for (int i = 0; i < 20 && !log.empty(); ++i) {
      log[random() % log.size()] = static_cast<char>(random());
      (void)judged(whole.errno_name, log);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
