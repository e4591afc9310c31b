// What a stranger's run directory says, through every report: only printable text comes out, and no
// line of it passes for one of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/expect/judge.h"
#include "base/hostile_test_support.h"
#include "base/json.h"
#include "outcome/outcome_fields.h"
#include "outcome/testing/full_outcome.h"
#include "report/explain.h"
#include "report/history_text.h"
#include "report/json_report.h"
#include "report/kernel_text.h"
#include "report/matrix_view.h"
#include "report/printable_outcome.h"
#include "report/terminal.h"
#include "report/verdicts.h"

namespace bpfmatrix {
namespace {

void expect_harmless(const std::string& text) {
  EXPECT_FALSE(text.empty());
  expect_printable(text);
  expect_no_forged_line(text);
}

void set_results(Outcome& outcome, StageResult result) {
  for (StageOutcome* stage : {&outcome.open, &outcome.relocate.stage}) stage->result = result;
  for (MapOutcome& map : outcome.maps) map.stage.result = result;
  for (ProgramOutcome& program : outcome.programs) {
    program.load.stage.result = result;
    program.attach.stage.result = result;
  }
}

/// The full outcome with every end, every result of its stages and without programs: each prints
/// other texts.
std::vector<Outcome> hostile_outcomes() {
  const Outcome full = hostile_outcome(kHostile);
  std::vector<Outcome> all{full};
  for (const End end : {End::panicked, End::hung, End::lost, End::unavailable}) {
    all.push_back(full);
    all.back().end = end;
  }
  for (const StageResult result :
       {StageResult::ok, StageResult::failed, StageResult::not_reached}) {
    all.push_back(full);
    set_results(all.back(), result);
    all.push_back(all.back());
    all.back().programs.clear();
  }
  for (std::size_t later = 0; later < 3; ++later) {
    all.push_back(full);
    set_results(all.back(), StageResult::failed);
    all.back().open.result = StageResult::ok;
    if (later > 0) all.back().relocate.stage.result = StageResult::ok;
    if (later > 1) all.back().programs[0].load.stage.result = StageResult::ok;
  }
  return all;
}

TEST(HostileText, every_explanation_is_printable) {
  const KernelFacts facts = hostile_facts(kHostile);
  for (const Outcome& outcome : hostile_outcomes()) {
    expect_harmless(explain(outcome, Features(), kHostile, nullptr));
    expect_harmless(explain(outcome, Features(), kHostile, &facts));
  }
}

TEST(HostileText, the_matrix_is_printable_and_its_columns_stand_below_one_another) {
  const MatrixView view = make_matrix_view(hostile_outcomes());
  expect_harmless(render_terminal(view, {}));
  expect_harmless(render_terminal(view, {.colour = false, .width = 300}));
  const std::string painted = render_terminal(view, {.colour = true});
  EXPECT_EQ(painted.find("\x1b]"), std::string::npos);
  EXPECT_EQ(painted.find("\u202e"), std::string::npos);
  EXPECT_EQ(painted.find("h\x1b"), std::string::npos);
}

TEST(HostileText, the_matrix_as_json_is_printable_and_keeps_every_character) {
  const std::string text = json_text(json_report(make_matrix_view(hostile_outcomes()), {}, {}), 1);
  expect_printable(text);
  EXPECT_TRUE(parse_json(text, "matrix"));
  EXPECT_THAT(text, testing::HasSubstr("\\u001b[31m"));
}

TEST(HostileText, verdicts_are_printable) {
  VerdictSummary summary;
  for (const auto& [verdict, word, description] : words_of(Verdict{})) {
    JudgedCell cell;
    cell.cell = kHostile;
    cell.verdict.verdict = verdict;
    cell.verdict.mismatches = {{kHostile, kHostile, {kHostile}, kHostile, kHostile}};
    cell.verdict.doubts = {{kHostile, kHostile}};
    summary.notable.push_back(cell);
    summary.counts[verdict] = 1;
  }
  RootCause root;
  root.what = root.cause = root.source = root.advice = kHostile;
  root.programs = root.kernels = {kHostile, std::string(kHostile) + "2"};
  root.cells = {kHostile};
  root.dependents = 1;
  summary.notable.front().changes = {{kHostile, Change::changed, {kHostile}}};
  summary.notable.front().carried = {{.program = kHostile, .cause = kHostile, .wrong = {kHostile}}};
  expect_harmless(render_verdicts(summary, {root}, kHostile));
  expect_printable(json_text(json_report({}, summary, {root}), 1));
}

TEST(HostileText, what_earlier_runs_know_is_printable) {
  HistoryEntry entry;
  entry.run = {kHostile, 1, kHostile};
  entry.cell = {kHostile, kHostile, kHostile, kHostile,        kHostile, kHostile,
                kHostile, kHostile, kHostile, Verdict::unsure, kHostile, {}};
  HistoryEntry tried = entry;
  tried.cell.programs = {{.program = kHostile,
                          .sign = Sign::failed,
                          .cause = kHostile,
                          .symbol = kHostile,
                          .wrong = {kHostile}}};
  const std::vector<HistoryEntry> entries{entry, tried};
  expect_harmless(render_history(entries));
  expect_harmless(render_since(support_of(entries)));
  expect_printable(json_text(to_json(entries), 1));
  expect_printable(json_text(to_json(support_of(entries)), 1));
}

TEST(HostileText, what_is_known_of_a_kernel_is_printable) {
  expect_harmless(kernel_text(hostile_facts(kHostile), Features()));
}

TEST(HostileText, an_outcome_of_printable_text_is_shown_as_it_is) {
  EXPECT_EQ(to_json(printable_outcome(full_outcome())), to_json(full_outcome()));
}

}  // namespace
}  // namespace bpfmatrix
