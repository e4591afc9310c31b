#include "guest/loader/app/cpu_use.h"

#include <gtest/gtest.h>

namespace bpfmatrix::guest {
namespace {

TEST(CpuUse, is_read_from_what_the_kernel_says_of_a_process_whatever_its_name) {
  const std::string head = "12 (a) b (c) S 1 12 12 0 -1 4194304 99 98 0 0 ";
  EXPECT_EQ(parse_cpu_ticks(head + "7 5 2 1 20 0 1 0 300\n"), 15U);
  EXPECT_EQ(parse_cpu_ticks(head + "7 5 2"), std::nullopt) << "cut short";
  EXPECT_EQ(parse_cpu_ticks(head + "7 -5 2 1 20"), std::nullopt);
  EXPECT_EQ(parse_cpu_ticks("12 (a"), std::nullopt);
  EXPECT_EQ(parse_cpu_ticks(""), std::nullopt);
}

/// Of processes whose time the test sets.
class SetUse : public CpuUse {
 public:
  std::map<pid_t, std::uint64_t> ticks{};

 protected:
  std::optional<std::uint64_t> ticks_of(pid_t process) const override {
    const auto found = ticks.find(process);
    return found != ticks.end() ? std::optional(found->second) : std::nullopt;
  }
};

TEST(CpuUse, a_third_of_a_processor_is_busy_and_less_is_not) {
  SetUse use;
  use.ticks = {{7, 100}};
  use.look({7}, 1000);
  use.ticks[7] += 3;
  use.look({7}, 1100);
  EXPECT_EQ(use.last_busy_ms(), 1000) << "3 of 10 ticks";
  use.ticks[7] += 4;
  use.look({7}, 1150);
  EXPECT_EQ(use.last_busy_ms(), 1000) << "too early to tell";
  use.look({7}, 1200);
  EXPECT_EQ(use.last_busy_ms(), 1200);
  use.look({7}, 1300);
  EXPECT_EQ(use.last_busy_ms(), 1200);
}

TEST(CpuUse, all_processes_count_those_that_come_and_those_that_are_gone) {
  SetUse use;
  use.ticks = {{7, 100}, {8, 50}};
  use.look({7, 8}, 1000);
  use.ticks = {{7, 102}, {9, 3}};
  use.look({7, 8, 9}, 1100);
  EXPECT_EQ(use.last_busy_ms(), 1100);
}

}  // namespace
}  // namespace bpfmatrix::guest
