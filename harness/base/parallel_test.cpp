#include "base/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bpfmatrix {
namespace {

TEST(Parallel, does_each_once_and_all_before_it_returns) {
  for (const int threads : {-1, 1, 3, 64}) {
    std::vector<std::atomic<int>> done(20);
    for_each_at_once(done.size(), threads, [&](std::size_t i) { ++done[i]; });
    EXPECT_THAT(std::vector<int>(done.begin(), done.end()), testing::Each(1)) << threads;
  }
}

TEST(Parallel, does_nothing_when_there_is_nothing) {
  for_each_at_once(0, 4, [](std::size_t) { FAIL(); });
}

TEST(Parallel, what_is_thrown_on_any_thread_comes_out_at_the_caller) {
  for (const int threads : {1, 4}) {
    EXPECT_THROW(for_each_at_once(20, threads,
                                  [](std::size_t i) {
                                    if (i > 2) throw std::runtime_error("bug");
                                  }),
                 std::runtime_error);
  }
}

TEST(Parallel, works_at_more_than_one_thing_at_a_time) {
  std::atomic<int> here{0};
  std::atomic<int> met{0};
  for_each_at_once(2, 2, [&](std::size_t) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    ++here;
    while (here < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    if (here == 2) ++met;
  });
  EXPECT_EQ(met, 2);
}

}  // namespace
}  // namespace bpfmatrix
