#include "run/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "matrix/case_spec.h"

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

TEST(Settings, it_is_known_who_signs_each_suite_that_a_case_takes_its_object_from) {
  ::setenv("BPFMATRIX_DATA_DIR", BPFMATRIX_SOURCE_DIR, 1);
  const Result<RunSettings> settings = default_settings("http://127.0.0.1:9/debian");
  ::unsetenv("BPFMATRIX_DATA_DIR");
  ASSERT_TRUE(settings) << settings.error().message;
  const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
  ASSERT_TRUE(suite) << suite.error().message;
  int packages = 0;
  for (const CaseSpec& spec : *suite) {
    const auto* object = std::get_if<DebObject>(&spec.object);
    if (object == nullptr) continue;
    ++packages;
    ASSERT_TRUE(settings->fetch.suites.contains(object->suite)) << spec.id;
    EXPECT_FALSE(settings->fetch.suites.find(object->suite)->second.keys.empty()) << spec.id;
  }
  EXPECT_GT(packages, 10);
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
