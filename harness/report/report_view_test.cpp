#include "report/report_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/formats.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kCell = "k/case/kernel/libbpf";

Outcome outcome(StageResult load) {
  Outcome o;
  o.cell = kCell;
  o.case_id = "case";
  o.kernel.id = "k";
  o.kernel.release = "6.1.0";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "prog";
  program.load.stage.result = load;
  o.programs = {program};
  return o;
}

ReportView view_of(const Outcome& now, const Against& against) {
  const VerdictSummary summary =
      judge_all({now}, {kCell}, {{"case", default_expectations()}}, nullptr, nullptr, against);
  return make_report_view({now}, summary, root_causes(summary, {now}), "run");
}

TEST(ReportView, an_object_that_no_longer_opens_fails_in_every_report) {
  Outcome broken = outcome(StageResult::ok);
  broken.programs.clear();
  broken.open = {StageResult::failed, "EINVAL", "no"};
  const Baseline before = accept({}, {outcome(StageResult::ok)}, {}, nullptr, false);
  const ReportView view = view_of(broken, {.baseline = &before, .without_rules = {"case"}});
  ASSERT_EQ(view.cells.size(), 1U);
  EXPECT_TRUE(view.cells[0].fails);
  EXPECT_EQ(view.cells[0].programs[0].troubles.front().substr(0, 14), "'prog': failed");
  EXPECT_THAT(render_junit(view), HasSubstr("failures=\"1\""));
  EXPECT_THAT(render_github(view), HasSubstr("::error "));
  EXPECT_THAT(render_markdown(view), HasSubstr("**regressed**"));
}

TEST(ReportView, what_is_new_required_and_bad_fails_as_the_exit_code_does) {
  const Baseline none;
  const ReportView view =
      view_of(outcome(StageResult::failed),
              {.baseline = &none, .without_rules = {"case"}, .required = {"k"}});
  EXPECT_EQ(view.failing, 1);
  EXPECT_TRUE(view.cells[0].fails);
  EXPECT_THAT(render_junit(view), HasSubstr("failures=\"1\""));
}

TEST(ReportView, what_is_gone_and_required_is_an_error) {
  Baseline before = accept({}, {outcome(StageResult::ok)}, {}, nullptr, false);
  before["k-4.18/case/kernel/libbpf"] = before.at(kCell);
  const ReportView view =
      view_of(outcome(StageResult::ok),
              {.baseline = &before, .without_rules = {"case"}, .required = {"k-4.18"}});
  EXPECT_EQ(view.failing, 1);
  EXPECT_THAT(render_junit(view), HasSubstr("<error message=\"required, and not planned"));
}

TEST(ReportView, a_rule_that_is_broken_is_the_programs_trouble) {
  const ReportView view = view_of(outcome(StageResult::failed), {});
  EXPECT_THAT(view.cells[0].programs[0].troubles,
              ElementsAre(HasSubstr("load: wanted ok, got failed")));
}

}  // namespace
}  // namespace bpfmatrix
