#include "run/settings.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

struct Budget {
  int cores;
  std::optional<std::int64_t> memory_mib;
  int jobs;
};
// A guest of 512 MiB takes 662.
constexpr Budget kBudgets[] = {
    {8, 16 * 662, 8},     {8, 8 * 662, 8}, {8, 8 * 662 - 1, 7}, {8, 2000, 3},
    {8, 662, 1},          {8, 100, 1},     {8, 0, 1},           {1, std::int64_t{1} << 40, 1},
    {3, std::nullopt, 3},
};
TEST(Settings, as_many_vms_as_there_are_cores_and_room_for_and_one_at_least) {
  EXPECT_EQ(vm_memory_mib(512), 662);
  for (const Budget& budget : kBudgets) {
    EXPECT_EQ(jobs_within(budget.cores, budget.memory_mib, 512), budget.jobs)
        << budget.cores << " cores, " << budget.memory_mib.value_or(-1) << " MiB";
  }
}

TEST(Settings, some_of_what_is_free_is_left_to_the_host) {
  EXPECT_EQ(memory_for_vms_mib("MemTotal: 9 kB\nMemFree: 7 kB\nMemAvailable:    2097152 kB\n"),
            2048 - 512);
  EXPECT_EQ(memory_for_vms_mib("MemAvailable: 1000 kB\n"), 0);
  EXPECT_EQ(memory_for_vms_mib("MemAvailable: much\n"), std::nullopt);
  EXPECT_EQ(memory_for_vms_mib(""), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix
