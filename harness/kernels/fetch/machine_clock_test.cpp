#include "kernels/fetch/machine_clock.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

TEST(MachineClock, before_the_day_of_the_build_is_named_as_wrong) {
  const std::chrono::sys_seconds built = std::chrono::sys_days(std::chrono::November / 30 / 2026);
  EXPECT_TRUE(check_clock(built, built));
  EXPECT_TRUE(check_clock(built - 24h, built));
  EXPECT_TRUE(check_clock(built + 24h * 3650, built));
  const auto wrong = check_clock(std::chrono::sys_days(std::chrono::January / 1 / 1999), built);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message,
            "the clock of this machine says 1999-01-01 00:00 UTC, which is before bpfmatrix was "
            "built, 2026-11-30 00:00 UTC: signatures cannot be judged by it");
}

TEST(MachineClock, the_day_of_the_build_is_known) {
  EXPECT_GT(build_day(), std::chrono::sys_days(std::chrono::January / 1 / 2026));
}

}  // namespace
}  // namespace bpfmatrix
