#include "repro/bisect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Replay as(Reproduced result) {
  Replay replay;
  replay.result = result;
  if (result == Reproduced::different) replay.differences = {"load: ok, was failed"};
  return replay;
}

/// Kernels of these names differ, those that cannot be tried are named, too.
TryKernel world(std::set<std::string> different, std::set<std::string> unavailable = {}) {
  return [=](const std::string& kernel) {
    if (unavailable.contains(kernel)) return as(Reproduced::unavailable);
    return as(different.contains(kernel) ? Reproduced::different : Reproduced::reproduced);
  };
}

const std::vector<std::string> kFive = {"1", "2", "3", "4", "5"};

TEST(Bisect, of_six_kernels_the_first_that_differs_is_found_in_three_runs) {
  const BisectPlan plan{.recorded = "0", .newer = kFive};
  for (std::size_t first = 0; first <= kFive.size(); ++first) {
    const std::set<std::string> different(kFive.begin() + static_cast<std::ptrdiff_t>(first),
                                          kFive.end());
    const BisectEnd end = bisect(plan, world(different));
    EXPECT_LE(end.tried, 3U);
    EXPECT_THAT(end.skipped, IsEmpty());
    ASSERT_EQ(end.change.has_value(), first < kFive.size());
    if (!end.change) continue;
    EXPECT_TRUE(end.older_as_recorded);
    EXPECT_THAT(*end.change, Pair(first == 0 ? "0" : kFive[first - 1], kFive[first]));
    EXPECT_THAT(end.differences, ElementsAre("load: ok, was failed"));
  }
}

TEST(Bisect, where_the_newest_was_recorded_the_first_that_behaves_so_is_found) {
  const BisectEnd end = bisect({.older = kFive, .recorded = "6"}, world({"1", "2"}));
  ASSERT_TRUE(end.change);
  EXPECT_FALSE(end.older_as_recorded);
  EXPECT_THAT(*end.change, Pair("2", "3"));
  EXPECT_LE(end.tried, 3U);
}

TEST(Bisect, older_kernels_are_tried_only_where_no_newer_one_differs) {
  const BisectPlan plan{.older = {"1", "2"}, .recorded = "3", .newer = {"4", "5"}};
  const BisectEnd newer = bisect(plan, world({"1", "5"}));
  EXPECT_THAT(*newer.change, Pair("4", "5"));
  const BisectEnd older = bisect(plan, world({"1"}));
  EXPECT_THAT(*older.change, Pair("1", "2"));
  EXPECT_EQ(bisect(plan, world({})).change, std::nullopt);
}

TEST(Bisect, a_kernel_that_is_unavailable_is_passed_over_and_named_where_it_matters) {
  const BisectPlan plan{.recorded = "0", .newer = kFive};
  const BisectEnd between = bisect(plan, world({"4", "5"}, {"3"}));
  EXPECT_THAT(*between.change, Pair("2", "4"));
  EXPECT_THAT(between.skipped, ElementsAre("3"));
  const BisectEnd elsewhere = bisect(plan, world({"5"}, {"3"}));
  EXPECT_THAT(*elsewhere.change, Pair("4", "5"));
  EXPECT_THAT(elsewhere.skipped, IsEmpty());
  const BisectEnd first = bisect(plan, world({"2", "3", "4", "5"}, {"1", "3"}));
  EXPECT_THAT(*first.change, Pair("0", "2"));
  EXPECT_THAT(first.skipped, ElementsAre("1"));
  const BisectEnd none = bisect(plan, world({}, {kFive.begin(), kFive.end()}));
  EXPECT_FALSE(none.change);
  EXPECT_EQ(none.skipped.size(), kFive.size());
}

TEST(Bisect, versions_are_read_from_the_names_of_kernels) {
  const std::pair<const char*, KernelVersion> versions[] = {{"debian-6.1-x86_64", {6, 1, 0}},
                                                            {"debian-7.x-aarch64", {7, 0, 0}},
                                                            {"linux-5.10-nobtf-x86_64", {5, 10, 0}},
                                                            {"5.4.1-own", {5, 4, 1}}};
  for (const auto& [id, version] : versions) EXPECT_EQ(version_in_id(id), version) << id;
  for (const char* id : {"mine", "x86_64", "box-7", "centos-8.1-x86_64"})
    EXPECT_EQ(version_in_id(id), std::nullopt);
}

TEST(Bisect, kernels_are_put_in_the_order_of_their_versions) {
  std::vector<BisectKernel> kernels = {{"b", {{6, 12, 0}}}, {"a", {{6, 1, 0}}}, {"x", {}}};
  sort_by_version(kernels);
  std::vector<std::string> ids;
  for (const BisectKernel& kernel : kernels) ids.push_back(kernel.id);
  EXPECT_THAT(ids, ElementsAre("x", "a", "b"));
}

TEST(Bisect, the_recorded_kernel_has_its_place_by_name_or_else_by_version) {
  const std::vector<BisectKernel> kernels = {
      {"a", {{5, 10, 0}}}, {"b", {{6, 1, 0}}}, {"c", {{6, 12, 0}}}};
  const BisectPlan among = plan_bisect(kernels, {"b", {{9, 9, 9}}});
  EXPECT_THAT(among.older, ElementsAre("a"));
  EXPECT_THAT(among.newer, ElementsAre("c"));
  const BisectPlan beside = plan_bisect(kernels, {"box", {{6, 6, 0}}});
  EXPECT_THAT(beside.older, ElementsAre("a", "b"));
  EXPECT_THAT(beside.newer, ElementsAre("c"));
  EXPECT_THAT(plan_bisect(kernels, {"box", {}}).newer, ElementsAre("a", "b", "c"));
  EXPECT_THAT(plan_bisect(kernels, {"box", {{7, 0, 0}}}).newer, IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
