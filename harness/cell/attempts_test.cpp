#include "cell/attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Outcome ended(End end, bool cloned = true) {
  Outcome outcome;
  outcome.end = end;
  outcome.vm.cloned = cloned;
  if (end != End::completed) outcome.end_reason = "because";
  return outcome;
}

TEST(Attempts, a_panic_in_a_clone_is_held_against_a_booted_machine) {
  Outcome outcome;
  outcome.end = End::panicked;
  EXPECT_FALSE(needs_cold_check(outcome)) << "it was booted";
  outcome.vm.cloned = true;
  EXPECT_TRUE(needs_cold_check(outcome));
  outcome.end = End::completed;
  EXPECT_FALSE(needs_cold_check(outcome));
}

TEST(Attempts, only_lost_and_hung_are_tried_again) {
  EXPECT_TRUE(worth_another_try(ended(End::lost)));
  EXPECT_TRUE(worth_another_try(ended(End::hung)));
  EXPECT_FALSE(worth_another_try(ended(End::completed)));
  EXPECT_FALSE(worth_another_try(ended(End::panicked)));
  EXPECT_FALSE(worth_another_try(ended(End::unavailable)));
}

TEST(Attempts, one_that_sufficed_stands_alone) {
  const Outcome settled = settle({ended(End::completed)});
  EXPECT_THAT(settled.vm.attempts, IsEmpty());
  EXPECT_THAT(settled.vm.flaky, IsEmpty());
}

TEST(Attempts, a_lost_machine_says_nothing_against_the_others) {
  const Outcome settled =
      settle({ended(End::lost), ended(End::completed), ended(End::completed, false)});
  EXPECT_EQ(settled.end, End::completed);
  EXPECT_EQ(settled.vm.attempts.size(), 3U);
  EXPECT_EQ(settled.vm.attempts[0].reason, "because");
  EXPECT_FALSE(settled.vm.attempts[2].cloned);
  EXPECT_THAT(settled.vm.flaky, IsEmpty());
}

TEST(Attempts, hung_each_time_is_hung) {
  const Outcome settled = settle({ended(End::hung), ended(End::hung), ended(End::hung, false)});
  EXPECT_EQ(settled.end, End::hung);
  EXPECT_THAT(settled.vm.flaky, IsEmpty());
}

TEST(Attempts, hung_once_and_completed_then_is_unsteady) {
  const Outcome settled =
      settle({ended(End::hung), ended(End::completed), ended(End::completed, false)});
  EXPECT_THAT(settled.vm.flaky, ElementsAre("end: hung, completed"));
}

TEST(Attempts, lost_each_time_is_lost) {
  const Outcome settled = settle({ended(End::lost), ended(End::lost), ended(End::lost, false)});
  EXPECT_EQ(settled.end, End::lost);
  EXPECT_EQ(settled.vm.attempts.size(), 3U);
}

TEST(Attempts, a_clone_that_tells_what_a_booted_machine_does_not_is_unsteady) {
  const Outcome same = held_against(ended(End::completed), ended(End::completed, false));
  EXPECT_TRUE(same.vm.cold_checked);
  EXPECT_THAT(same.vm.flaky, IsEmpty());
  EXPECT_THAT(same.vm.attempts, IsEmpty());
  const Outcome other = held_against(ended(End::completed), ended(End::panicked, false));
  EXPECT_THAT(other.vm.flaky, ElementsAre("end: completed, panicked"));
  EXPECT_EQ(other.vm.attempts.size(), 2U);
}

}  // namespace
}  // namespace bpfmatrix
