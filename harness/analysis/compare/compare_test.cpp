#include "analysis/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const KernelVersion kNew{6, 1, 0};
const KernelVersion kOld{4, 18, 0};

ProgramState program(Sign sign, const std::string& cause = "") {
  return {.program = "p", .sign = sign, .cause = cause};
}

ProgramChange one(const ProgramState& before, const ProgramState& now,
                  const std::optional<KernelVersion>& kernel = kNew) {
  const std::vector<ProgramChange> changes = compare({before}, {now}, kernel);
  return changes.empty() ? ProgramChange{} : changes.front();
}

TEST(Compare, a_kernel_that_complains_is_worse_and_one_that_does_no_more_is_better) {
  const std::vector<std::string> none;
  const ProgramState quiet{.program = "a", .sign = Sign::attached, .splats = none};
  ProgramState loud = quiet;
  loud.splats = {"WARNING: at kernel/bpf/core.c bpf_check"};
  const auto worse = compare({quiet}, {loud}, std::nullopt);
  ASSERT_EQ(worse.size(), 1U);
  EXPECT_EQ(worse[0].change, Change::regressed);
  EXPECT_EQ(worse[0].what.at(0),
            "the kernel complained, and did not before: WARNING: at kernel/bpf/core.c bpf_check");
  EXPECT_EQ(compare({loud}, {quiet}, std::nullopt).at(0).change, Change::fixed);
  EXPECT_TRUE(compare({loud}, {loud}, std::nullopt).empty());
  EXPECT_FALSE(reads_the_same(quiet, loud, std::nullopt));
}

TEST(Compare, complaints_are_the_cells_whatever_its_programs_are_called) {
  const std::vector<std::string> none;
  const ProgramState old{.program = "old", .sign = Sign::attached, .splats = none};
  const ProgramState renamed{.program = "new", .sign = Sign::attached, .splats = {{"WARNING: x"}}};
  EXPECT_EQ(gravest(compare({old}, {renamed}, std::nullopt)), Change::regressed);
}

TEST(Compare, where_nobody_listened_nothing_is_known_of_complaints) {
  const ProgramState unheard{.program = "a", .sign = Sign::attached};
  const ProgramState loud{.program = "a", .sign = Sign::attached, .splats = {{"WARNING: x"}}};
  EXPECT_TRUE(compare({unheard}, {loud}, std::nullopt).empty());
  EXPECT_TRUE(compare({loud}, {unheard}, std::nullopt).empty());
  EXPECT_TRUE(reads_the_same(loud, unheard, std::nullopt)) << "its line stays in the baseline";
}

TEST(Compare, the_same_is_no_change) {
  for (const Word<Sign>& sign : words_of(Sign{})) {
    EXPECT_THAT(compare({program(sign.value)}, {program(sign.value)}, kNew), IsEmpty());
  }
}

TEST(Compare, less_far_than_before_is_regressed_and_further_is_fixed) {
  const Sign from_good_to_bad[] = {Sign::attached,      Sign::not_fired, Sign::wrong_reads,
                                   Sign::attach_failed, Sign::failed,    Sign::panicked};
  for (std::size_t i = 1; i < std::size(from_good_to_bad); ++i) {
    const ProgramState good = program(from_good_to_bad[i - 1]);
    const ProgramState bad = program(from_good_to_bad[i]);
    EXPECT_EQ(one(good, bad).change, Change::regressed) << to_string(bad.sign);
    EXPECT_EQ(one(bad, good).change, Change::fixed) << to_string(bad.sign);
  }
}

TEST(Compare, says_what_it_was_and_is) {
  EXPECT_THAT(one(program(Sign::attached), program(Sign::failed, "helper_unknown")).what,
              ElementsAre("failed (helper_unknown), was attached"));
}

TEST(Compare, another_cause_is_changed) {
  EXPECT_EQ(one(program(Sign::failed, "helper_unknown"), program(Sign::failed, "license")).change,
            Change::changed);
}

TEST(Compare, a_value_that_became_wrong_is_regressed_though_others_were_wrong_before) {
  ProgramState before = program(Sign::wrong_reads);
  before.wrong = {"fd"};
  ProgramState now = before;
  now.wrong = {"fd", "port"};
  EXPECT_EQ(one(before, now).change, Change::regressed);
  EXPECT_EQ(one(now, before).change, Change::fixed);
  now.wrong = {"port"};
  EXPECT_EQ(one(before, now).change, Change::regressed);
}

TEST(Compare, what_pass_and_fail_hide_is_changed) {
  ProgramState before = program(Sign::attached);
  before.symbol = "do_unlinkat";
  ProgramState now = before;
  now.symbol = "do_unlinkat.isra.0";
  EXPECT_EQ(one(before, now).change, Change::changed);
  now = before;
  now.poisoned = 1;
  EXPECT_EQ(one(before, now).change, Change::changed);
  EXPECT_EQ(one(now, before).change, Change::none);
}

TEST(Compare, the_verifiers_work_counts_when_it_grew_by_both_thresholds) {
  const auto grown = [](std::uint64_t before, std::uint64_t now) {
    ProgramState was = program(Sign::attached);
    was.insns = before;
    ProgramState is = was;
    is.insns = now;
    return one(was, is).what;
  };
  EXPECT_THAT(grown(1000, 1100), IsEmpty());
  EXPECT_THAT(grown(1000, 1101),
              ElementsAre("the verifier goes through 1101 instructions, was 1000 (+10 %)"));
  EXPECT_THAT(grown(100, 200), IsEmpty());
  EXPECT_THAT(grown(100, 201).size(), 1U);
  EXPECT_THAT(grown(100'000, 105'000), IsEmpty());
  EXPECT_THAT(grown(2000, 1000), IsEmpty());
  EXPECT_THAT(grown(0, 101).size(), 1U);
}

TEST(Compare, near_a_limit_is_said_once_by_the_limit_of_that_kernel) {
  ProgramState before = program(Sign::attached);
  before.size = 3000;
  before.stack = 400;
  ProgramState now = before;
  now.size = 3600;
  EXPECT_THAT(one(before, now, kOld).what,
              ElementsAre("3600 of 4096 instructions of the program: near the limit"));
  EXPECT_THAT(one(before, now, kNew).what, IsEmpty());
  EXPECT_THAT(one(now, now, kOld).what, IsEmpty()) << "it was before";
  now = before;
  now.stack = 440;
  EXPECT_THAT(one(before, now, kNew).what,
              ElementsAre("440 of 512 bytes of stack: near the limit"));
  EXPECT_THAT(one(before, now, std::nullopt).what, IsEmpty());
}

TEST(Compare, programs_come_and_go) {
  const CellState before{{.program = "old", .sign = Sign::attached}};
  const CellState now{{.program = "new", .sign = Sign::failed}};
  const auto changes = compare(before, now, kNew);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].change, Change::added);
  EXPECT_EQ(changes[0].program, "new");
  EXPECT_EQ(changes[1].change, Change::gone);
  EXPECT_EQ(changes[1].program, "old");
  EXPECT_EQ(gravest(changes), Change::gone);
}

TEST(Compare, an_object_that_came_to_programs_on_one_side_stands_for_each) {
  const CellState object{{.sign = Sign::failed, .cause = "legacy_maps"}};
  const CellState programs{{.program = "a", .sign = Sign::attached},
                           {.program = "b", .sign = Sign::failed, .cause = "legacy_maps"}};
  const auto broken = compare(programs, object, kNew);
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken[0].program, "a");
  EXPECT_EQ(broken[0].change, Change::regressed);
  const auto mended = compare(object, programs, kNew);
  ASSERT_EQ(mended.size(), 1U);
  EXPECT_EQ(mended[0].program, "a");
  EXPECT_EQ(mended[0].change, Change::fixed);
}

}  // namespace
}  // namespace bpfmatrix
