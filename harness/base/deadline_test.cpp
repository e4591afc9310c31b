#include "base/deadline.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

TEST(MillisecondsUntil, are_nothing_once_the_deadline_has_passed) {
  EXPECT_EQ(milliseconds_until(std::chrono::steady_clock::now()), 0);
  EXPECT_EQ(milliseconds_until(std::chrono::steady_clock::now() - 1h), 0);
}

TEST(MillisecondsUntil, are_rounded_up) {
  EXPECT_GE(milliseconds_until(std::chrono::steady_clock::now() + 1h), 3'600'000 - 1000);
  EXPECT_LE(milliseconds_until(std::chrono::steady_clock::now() + 1h), 3'600'000);
  const auto deadline = std::chrono::steady_clock::now() + 500us;
  const int left = milliseconds_until(deadline);
  EXPECT_TRUE(left == 1 || std::chrono::steady_clock::now() >= deadline) << left;
}

TEST(MillisecondsUntil, fit_an_int_however_far_the_deadline_is) {
  EXPECT_EQ(milliseconds_until(std::chrono::steady_clock::time_point::max()), 1 << 30);
}

}  // namespace
}  // namespace bpfmatrix
