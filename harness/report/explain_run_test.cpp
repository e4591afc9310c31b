#include "report/explain_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

Outcome wrapper_read_directly() {
  Outcome outcome;
  outcome.end = End::completed;
  outcome.trigger = {"standard", {{"getpid", 312}, {"connect", -115}}, ""};
  ProgramOutcome program;
  program.name = "on_connect";
  program.attach.stage.result = StageResult::ok;
  program.run = {.trigger = "standard",
                 .hits = 1,
                 .run_cnt = 1,
                 .run_time_ns = 5200,
                 .arguments = ArgumentsSeen::wrong};
  outcome.programs = {program};
  outcome.observed = {
      {"hits", Scalar(std::int64_t{1}), std::nullopt, ObservedResult::untold},
      {"fd", Scalar(std::int64_t{-1073741824}), Scalar(std::int64_t{100}), ObservedResult::wrong},
      {"comm", Scalar("trig"), Scalar("trig"), ObservedResult::right}};
  return outcome;
}

TEST(ExplainRun, shows_what_was_done_and_each_value_beside_the_truth) {
  EXPECT_EQ(trigger_text(wrapper_read_directly()),
            "trigger     standard: getpid=312 connect=-115\n"
            "observed    'hits' 1\n"
            "observed    'fd' -1073741824: wrong, the truth is 100\n"
            "observed    'comm' \"trig\": right\n");
}

TEST(ExplainRun, says_how_often_by_whose_count_and_how_the_arguments_were_taken) {
  const Outcome outcome = wrapper_read_directly();
  const std::string text = run_text(outcome, outcome.programs[0]);
  EXPECT_THAT(text, HasSubstr("  run       hit, counted itself 1 time, run 1 time by the kernel's "
                              "count, 5200 ns in all\n"));
  EXPECT_THAT(text, HasSubstr("  arguments wrong: "));
}

TEST(ExplainRun, says_that_nothing_came_and_why_it_is_not_known) {
  Outcome outcome = wrapper_read_directly();
  outcome.programs[0].run = {.trigger = "standard", .hits = 0};
  EXPECT_EQ(run_text(outcome, outcome.programs[0]),
            "  run       never hit by the trigger, counted itself 0 times\n");
  outcome.programs[0].run = {.trigger = "standard"};
  EXPECT_EQ(run_text(outcome, outcome.programs[0]), "  run       hit or not: nobody counted\n");
  outcome.trigger = {"", {}, "no process"};
  outcome.observed.clear();
  EXPECT_EQ(trigger_text(outcome), "trigger     not pulled: no process\n");
  outcome.programs[0].attach.stage.result = StageResult::not_tried;
  EXPECT_EQ(run_text(outcome, outcome.programs[0]), "");
}

}  // namespace
}  // namespace bpfmatrix
