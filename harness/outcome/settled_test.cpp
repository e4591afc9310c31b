#include "outcome/settled.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

/// A cell of which everything is known.
Outcome settled_outcome() {
  Outcome outcome;
  outcome.end = End::completed;
  outcome.loader_version = "1.4.6";
  outcome.kernel.facts = std::string(64, 'a');
  outcome.relocation.stage.result = StageResult::ok;
  outcome.relocation.applied = 1;
  outcome.programs.emplace_back().name = "p";
  return outcome;
}

TEST(Settled, a_cell_of_which_everything_is_known_is_settled) {
  EXPECT_EQ(unsettled(settled_outcome()), "");
}

TEST(Settled, every_other_end_is_not) {
  for (const End end : {End::panicked, End::hung, End::lost, End::unavailable}) {
    Outcome outcome = settled_outcome();
    outcome.end = end;
    EXPECT_EQ(unsettled(outcome), to_string(end));
  }
}

TEST(Settled, a_panic_is_once_it_came_again_in_a_booted_machine) {
  Outcome outcome = settled_outcome();
  outcome.end = End::panicked;
  outcome.vm.cold_checked = true;
  EXPECT_EQ(unsettled(outcome), "");
  outcome.vm.unsteady = {"end: panicked, completed"};
  EXPECT_EQ(unsettled(outcome), "end: panicked, completed");
}

TEST(Settled, what_could_not_be_told_is_named) {
  const auto unsettled_after = [](auto change) {
    Outcome outcome = settled_outcome();
    change(outcome);
    return unsettled(outcome);
  };
  EXPECT_EQ(unsettled_after([](Outcome& o) { o.loader_version = ""; }), "which loader it was");
  EXPECT_EQ(unsettled_after([](Outcome& o) { o.kernel.facts = ""; }), "what the kernel is");
  EXPECT_EQ(unsettled_after([](Outcome& o) { o.trigger.problem = "no loopback"; }),
            "what comes of the trigger");
  EXPECT_EQ(unsettled_after([](Outcome& o) { o.privileges.memlock_bytes = 1; }),
            "whether memory is counted");
  EXPECT_EQ(unsettled_after([](Outcome& o) { o.command.emplace(); }), "how the command ended");
  EXPECT_EQ(unsettled_after([](Outcome& o) { o.relocation.applied.reset(); }),
            "how many relocations were applied");
  EXPECT_EQ(unsettled_after([](Outcome& o) {
              o.maps.push_back({"m", "hash", {StageResult::refused, "E2BIG", ""}});
            }),
            "whether the kernel knows all attributes of 'm'");
  EXPECT_EQ(unsettled_after([](Outcome& o) {
              o.programs[0].load.stage = {StageResult::refused, "E2BIG", ""};
            }),
            "whether the kernel knows all attributes of 'p'");
  EXPECT_EQ(unsettled_after([](Outcome& o) {
              o.programs[0].relocations.push_back({.witness = WitnessResult::disagrees});
            }),
            "what became of the relocations of 'p'");
}

TEST(Settled, what_would_be_absent_again_is_no_doubt) {
  Outcome outcome = settled_outcome();
  outcome.programs[0].relocations.push_back({.witness = WitnessResult::not_compared});
  outcome.programs[0].load.log_truncated = true;
  outcome.observed.push_back({.name = "ts", .result = ObservedResult::untold});
  outcome.maps.push_back({"m", "hash", {StageResult::refused, "E2BIG", ""}, false});
  EXPECT_EQ(unsettled(outcome), "");
}

}  // namespace
}  // namespace bpfmatrix
