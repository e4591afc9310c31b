#include <gtest/gtest.h>

#include "analysis/expect/judge.h"
#include "analysis/testing/good_outcome.h"

namespace bpfmatrix {
namespace {

TEST(Judge, an_app_that_ends_badly_by_itself_is_not_what_anybody_expects) {
  Outcome outcome = good_outcome();
  outcome.app = {"./app", 0, {}, {}, 0};
  EXPECT_EQ(judge(outcome, default_expectations(), {}).verdict, Verdict::as_expected);
  outcome.app = {"./app", {}, 2, 2, 0};
  EXPECT_EQ(judge(outcome, default_expectations(), {}).verdict, Verdict::as_expected)
      << "told to end by SIGINT, it ended so";
  outcome.app = {"./app", 1, {}, {}, 0};
  const CellVerdict verdict = judge(outcome, default_expectations(), {});
  EXPECT_EQ(verdict.verdict, Verdict::unexpected);
  EXPECT_EQ(verdict.mismatches.at(0).field, "app");
  EXPECT_EQ(verdict.mismatches.at(0).got, "failed");
}

/// Of an application that came up with its two programs.
Outcome application() {
  Outcome outcome = good_outcome();
  outcome.open.result = StageResult::ok;
  outcome.app = {"./tool", 0, {}, 2, 0, OwnOutcome{}};
  outcome.programs = {good_outcome().programs[0], good_outcome().programs[0]};
  outcome.programs[0].name = "fentry";
  outcome.programs[1].name = "kprobe";
  return outcome;
}

Verdict judged_itself(const Outcome& outcome) {
  return judge(outcome, app_expectations(), {}).verdict;
}

TEST(JudgeAnApplication, what_it_leaves_out_falls_back_from_or_does_not_attach_is_its_choice) {
  EXPECT_EQ(judged_itself(application()), Verdict::as_expected);
  Outcome untried = application();
  untried.programs[0].load.stage.result = StageResult::not_reached;
  untried.programs[0].attach.stage.result = StageResult::not_reached;
  EXPECT_EQ(judged_itself(untried), Verdict::as_expected);
  Outcome fallen_back = application();
  fallen_back.programs[0].load.stage = kRefused;
  fallen_back.programs[0].attach.stage.result = StageResult::not_reached;
  EXPECT_EQ(judged_itself(fallen_back), Verdict::as_expected);
  EXPECT_EQ(outcome_word("load", fallen_back, fallen_back.programs.data(), nullptr), "did_without");
  fallen_back.app->own.reset();
  EXPECT_EQ(judge(fallen_back, default_expectations(), {}).verdict, Verdict::unexpected)
      << "who hands an object over wants all of it";
}

TEST(JudgeAnApplication, that_does_not_come_up_is_unexpected_whatever_it_loaded) {
  Outcome failed = application();
  failed.app->stop_signal.reset();
  failed.app->exit_code = 1;
  EXPECT_EQ(judged_itself(failed), Verdict::unexpected);
  Outcome silent = application();
  silent.app->own->said_ready = false;
  EXPECT_EQ(judged_itself(silent), Verdict::unexpected);
  Outcome wrong = application();
  wrong.app->own->output_matched = false;
  EXPECT_EQ(judged_itself(wrong), Verdict::unexpected);
  Outcome idle = application();
  for (ProgramOutcome& program : idle.programs) {
    program.load.stage.result = StageResult::not_reached;
    program.attach.stage.result = StageResult::not_reached;
  }
  EXPECT_EQ(judged_itself(idle), Verdict::unexpected) << "it loaded nothing";
}

TEST(JudgeAnApplication, whose_only_program_is_rejected_has_no_fallback) {
  Outcome alone = application();
  alone.programs.pop_back();
  alone.programs[0].load.stage = kRefused;
  alone.programs[0].attach.stage.result = StageResult::not_reached;
  EXPECT_EQ(judged_itself(alone), Verdict::unexpected);
}

TEST(JudgeAnApplication, that_was_never_at_rest_is_unsure_whatever_it_had_attached) {
  Outcome outcome = application();
  outcome.app->own->never_quiet = true;
  EXPECT_EQ(judged_itself(outcome), Verdict::unsure);
  outcome.app->own->output_matched = true;
  EXPECT_EQ(judged_itself(outcome), Verdict::as_expected);
}

TEST(JudgeAnApplication, that_was_stopped_with_nothing_attached_never_passes) {
  Outcome outcome = good_outcome();
  for (ProgramOutcome& program : outcome.programs) program.attach = {};
  outcome.app.emplace();
  outcome.app->exit_code = 0;
  outcome.app->stop_signal = 2;
  outcome.app->own.emplace();
  const auto verdict = [&] {
    return judge(outcome, app_expectations(), condition_facts(outcome)).verdict;
  };
  EXPECT_EQ(verdict(), Verdict::unsure);
  outcome.app->own->said_ready = true;
  EXPECT_EQ(verdict(), Verdict::as_expected);
  outcome.app->own->said_ready.reset();
  outcome.app->stop_signal.reset();
  EXPECT_EQ(verdict(), Verdict::as_expected) << "it loads, and ends by itself";
  outcome.app->held = 1;
  EXPECT_EQ(verdict(), Verdict::as_expected) << "it loads and pins";
  outcome.app->held = 0;
  EXPECT_EQ(verdict(), Verdict::unsure) << "it gave up, and called it success";
  outcome.app->own->output_matched = true;
  EXPECT_EQ(verdict(), Verdict::as_expected);
}

}  // namespace
}  // namespace bpfmatrix
