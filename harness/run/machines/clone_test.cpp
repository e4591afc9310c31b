#include "run/machines/clone.h"

#include <gtest/gtest.h>

#include <ctime>

namespace bpfmatrix {
namespace {

TEST(RefreshNow, has_the_host_s_time_and_random_numbers_of_its_own) {
  const Refresh one = refresh_now();
  const Refresh other = refresh_now();
  EXPECT_EQ(one.random.size(), kRefreshBytes);
  EXPECT_NE(one.random, other.random);
  EXPECT_NEAR(static_cast<double>(one.unix_ns) / 1e9, static_cast<double>(std::time(nullptr)), 2);
}

}  // namespace
}  // namespace bpfmatrix
