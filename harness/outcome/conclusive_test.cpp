#include "outcome/conclusive.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

/// A cell of which everything is known.
Outcome conclusive_outcome() {
  Outcome outcome;
  outcome.end = End::completed;
  outcome.loader_version = "1.4.6";
  outcome.kernel.facts = std::string(64, 'a');
  outcome.relocate.stage.result = StageResult::ok;
  outcome.relocate.applied = 1;
  outcome.programs.emplace_back().name = "p";
  return outcome;
}

TEST(Conclusive, a_cell_of_which_everything_is_known_is) {
  EXPECT_EQ(inconclusive(conclusive_outcome()), "");
}

TEST(Conclusive, every_other_end_is_not) {
  for (const End end : {End::panicked, End::hung, End::lost, End::unavailable}) {
    Outcome outcome = conclusive_outcome();
    outcome.end = end;
    EXPECT_EQ(inconclusive(outcome), to_string(end));
  }
}

TEST(Conclusive, a_panic_is_once_it_came_again_in_a_booted_machine) {
  Outcome outcome = conclusive_outcome();
  outcome.end = End::panicked;
  outcome.vm.cold_checked = true;
  EXPECT_EQ(inconclusive(outcome), "");
  outcome.vm.flaky = {"end: panicked, completed"};
  EXPECT_EQ(inconclusive(outcome), "end: panicked, completed");
}

TEST(Conclusive, what_could_not_be_told_is_named) {
  const auto inconclusive_after = [](auto change) {
    Outcome outcome = conclusive_outcome();
    change(outcome);
    return inconclusive(outcome);
  };
  EXPECT_EQ(inconclusive_after([](Outcome& o) { o.loader_version = ""; }), "which loader it was");
  EXPECT_EQ(inconclusive_after([](Outcome& o) { o.kernel.facts = ""; }), "what the kernel is");
  EXPECT_EQ(inconclusive_after([](Outcome& o) { o.trigger.problem = "no loopback"; }),
            "what the trigger did");
  EXPECT_EQ(inconclusive_after([](Outcome& o) { o.privileges.memlock_bytes = 1; }),
            "whether memory is counted");
  EXPECT_EQ(inconclusive_after([](Outcome& o) { o.app.emplace(); }), "how the app ended");
  EXPECT_EQ(inconclusive_after([](Outcome& o) { o.relocate.applied.reset(); }),
            "how many relocations were applied");
  EXPECT_EQ(inconclusive_after([](Outcome& o) {
              o.maps.push_back({"m", "hash", {StageResult::failed, "E2BIG", ""}});
            }),
            "whether the kernel knows all attributes of 'm'");
  EXPECT_EQ(inconclusive_after([](Outcome& o) {
              o.programs[0].load.stage = {StageResult::failed, "E2BIG", ""};
            }),
            "whether the kernel knows all attributes of 'p'");
  EXPECT_EQ(inconclusive_after([](Outcome& o) {
              o.programs[0].relocations.push_back({.cross_check = CrossCheck::disagrees});
            }),
            "whether the relocations of 'p' are right");
}

TEST(Conclusive, what_would_be_absent_again_is_no_doubt) {
  Outcome outcome = conclusive_outcome();
  outcome.programs[0].relocations.push_back({.cross_check = CrossCheck::not_compared});
  outcome.programs[0].load.log_truncated = true;
  outcome.observed.push_back({.name = "ts", .result = ObservedResult::unknown});
  outcome.maps.push_back({"m", "hash", {StageResult::failed, "E2BIG", ""}, false});
  EXPECT_EQ(inconclusive(outcome), "");
}

}  // namespace
}  // namespace bpfmatrix
