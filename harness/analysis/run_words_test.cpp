#include "analysis/run_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Two programs that are attached and were triggered; the object saw nothing yet.
Outcome outcome_of_two() {
  Outcome outcome;
  outcome.end = End::completed;
  outcome.trigger.kind = "standard";
  for (const char* name : {"a", "b"}) {
    ProgramOutcome program;
    program.name = name;
    program.attach.stage.result = StageResult::ok;
    program.run.trigger = "standard";
    outcome.programs.push_back(program);
  }
  return outcome;
}

ObservedValue saw(std::string name, ObservedResult result) {
  return {std::move(name), Scalar(), std::nullopt, result};
}

TEST(RunWords, a_programs_own_count_decides_then_the_kernels_else_nobody) {
  Outcome outcome = outcome_of_two();
  ProgramOutcome& program = outcome.programs[0];
  EXPECT_EQ(fired_word(outcome, program), std::nullopt);
  program.run.run_cnt = 3;
  EXPECT_EQ(fired_word(outcome, program), "yes");
  program.run.fired = 0;  // it ran, and let pass what it is not about
  EXPECT_EQ(fired_word(outcome, program), "no");
  program.run.run_cnt = 0;
  program.run.fired.reset();
  EXPECT_EQ(fired_word(outcome, program), "no");
}

TEST(RunWords, what_was_not_attached_or_had_given_way_was_not_tried) {
  Outcome outcome = outcome_of_two();
  outcome.programs[0].attach.stage.result = StageResult::failed;
  outcome.programs[1].run.displaced = true;
  for (const ProgramOutcome& program : outcome.programs) {
    EXPECT_EQ(fired_word(outcome, program), "not_reached");
    EXPECT_EQ(observed_word(outcome, program), "absent");
  }
}

TEST(RunWords, a_trigger_that_failed_and_a_machine_that_was_lost_tell_nothing) {
  Outcome outcome = outcome_of_two();
  outcome.programs[0].run.fired = 0;
  outcome.trigger.problem = "no process";
  EXPECT_EQ(fired_word(outcome, outcome.programs[0]), std::nullopt);
  EXPECT_EQ(arguments_word(outcome, outcome.programs[0]), std::nullopt);
  outcome.trigger.problem.clear();
  outcome.end = End::panicked;
  EXPECT_EQ(fired_word(outcome, outcome.programs[0]), std::nullopt);
}

TEST(RunWords, the_worst_value_speaks_for_all) {
  using enum ObservedResult;
  struct Row {
    std::vector<ObservedResult> results;
    std::optional<std::string> word;
  };
  const Row rows[] = {{{}, std::nullopt},
                      {{unknown}, std::nullopt},
                      {{right, unknown}, "right"},
                      {{right, absent}, "absent"},
                      {{right, wrong, absent}, "wrong"}};
  for (const Row& row : rows) {
    Outcome outcome = outcome_of_two();
    for (const ObservedResult result : row.results) outcome.observed.push_back(saw("x", result));
    EXPECT_EQ(observed_word(outcome, outcome.programs[0]), row.word);
  }
}

TEST(RunWords, a_value_that_bears_a_programs_name_is_that_programs) {
  Outcome outcome = outcome_of_two();
  outcome.observed = {saw("fd__a", ObservedResult::wrong), saw("fd__b", ObservedResult::right),
                      saw("port__wrapped", ObservedResult::right)};
  EXPECT_THAT(wrong_reads(outcome, outcome.programs[0]), ElementsAre("fd__a"));
  EXPECT_THAT(wrong_reads(outcome, outcome.programs[1]), IsEmpty());
  EXPECT_EQ(observed_word(outcome, outcome.programs[1]), "right");
  EXPECT_EQ(observed_word(outcome, outcome.programs[1], "fd__a"), "wrong");
  EXPECT_EQ(observed_word(outcome, outcome.programs[1], "nothing"), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix
