#include "report/verdicts.h"

#include <gtest/gtest.h>

#include "report/json_report.h"

namespace bpfmatrix {
namespace {

Outcome outcome(const std::string& case_id, StageResult load) {
  Outcome o;
  o.cell = "k/" + case_id + "/kernel/libbpf";
  o.case_id = case_id;
  o.kernel.id = "k";
  o.kernel.release = "6.1.0";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "prog";
  program.load.stage.result = load;
  if (load == StageResult::failed) program.load.stage.errno_name = "EINVAL";
  o.programs = {program};
  return o;
}

std::vector<ExpectationRule> wants_accepted() {
  return *read_expectations(*parse_json(R"([{"load":"ok","because":"it is small"}])", "f"), "f");
}

TEST(Verdicts, counts_and_names_what_is_not_as_expected) {
  const std::vector<Outcome> outcomes{outcome("good", StageResult::ok),
                                      outcome("bad", StageResult::failed),
                                      outcome("mute", StageResult::ok)};
  const VerdictSummary summary =
      judge_all(outcomes, {}, {{"good", wants_accepted()}, {"bad", wants_accepted()}});
  EXPECT_EQ(render_verdicts(summary, root_causes(summary, outcomes), "runs/1"),
            "unexpected: bad:prog on k: load: wanted ok, got failed (it is small); cause unknown\n"
            "  look closer: bpfmatrix explain runs/1 k/bad/kernel/libbpf\n"
            "unsure: no expectation (1, such as k/mute/kernel/libbpf)\n"
            "1 as_expected, 1 unexpected, 1 unsure\n");
}

TEST(Verdicts, a_planned_cell_without_an_outcome_is_unsure) {
  const VerdictSummary summary =
      judge_all({outcome("good", StageResult::ok)},
                {"k/good/kernel/libbpf", "k/gone/kernel/libbpf", "k/gone/kernel/libbpf"},
                {{"good", wants_accepted()}});
  EXPECT_FALSE(summary.all_known());
  EXPECT_EQ(render_verdicts(summary, {}, "runs/1"),
            "unsure: planned, and has no outcome (1, such as k/gone/kernel/libbpf)\n"
            "1 as_expected, 1 unsure\n");
}

TEST(Verdicts, a_run_of_nothing_is_not_known) { EXPECT_FALSE(judge_all({}, {}, {}).all_known()); }

TEST(Verdicts, all_is_known_where_nothing_is_unsure_or_unavailable) {
  EXPECT_TRUE(
      judge_all({outcome("good", StageResult::ok)}, {}, {{"good", wants_accepted()}}).all_known());
  EXPECT_FALSE(judge_all({outcome("mute", StageResult::ok)}, {}, {}).all_known());
}

TEST(Verdicts, json_carries_every_count_and_every_mismatch) {
  const std::vector<Outcome> outcomes{outcome("bad", StageResult::failed)};
  const VerdictSummary summary = judge_all(outcomes, {}, {{"bad", wants_accepted()}});
  const OrderedJson json = json_report({}, summary, root_causes(summary, outcomes))["verdicts"];
  EXPECT_EQ(json["counts"].size(), std::size(kVerdictWords));
  EXPECT_EQ(json["not_as_expected"][0]["verdict"], "unexpected");
  EXPECT_EQ(json["not_as_expected"][0]["mismatches"][0]["field"], "load");
  EXPECT_EQ(json["root_causes"][0]["programs"][0], "bad:prog");
  EXPECT_EQ(json["root_causes"][0]["cells"].size(), 1U);
}

TEST(Verdicts, a_thousand_cells_of_one_cause_are_one_line) {
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 1000; ++i) {
    outcomes.push_back(outcome("bad", StageResult::failed));
    outcomes.back().kernel.id = "k" + std::to_string(i);
    outcomes.back().cell = outcomes.back().kernel.id + "/bad/kernel/libbpf";
  }
  const VerdictSummary summary = judge_all(outcomes, {}, {{"bad", wants_accepted()}});
  EXPECT_EQ(render_verdicts(summary, root_causes(summary, outcomes), "r"),
            "unexpected: bad:prog on 1000 kernels: load: wanted ok, got failed (it is small); "
            "cause unknown\n"
            "  kernels: k0, k1, k10, k100, and 996 more\n"
            "  look closer: bpfmatrix explain r k0/bad/kernel/libbpf\n"
            "1000 unexpected\n");
}

TEST(Verdicts, what_was_not_tried_or_not_planned_is_said) {
  Outcome lost = outcome("lost", StageResult::ok);
  lost.end = End::unavailable;
  const Baseline before{{lost.cell, {{.program = "prog", .sign = Sign::loaded}}},
                        {"k/other/kernel/libbpf", {{.program = "p", .sign = Sign::failed}}}};
  const VerdictSummary summary =
      judge_all({lost}, {lost.cell}, {}, nullptr, nullptr, {.baseline = &before});
  EXPECT_EQ(render_verdicts(summary, {}, "r"),
            "carried forward: 1 cell could not be tried; the baseline says what was known before\n"
            "gone: the baseline has 1 cell that this run did not plan, such as "
            "k/other/kernel/libbpf\n"
            "1 gone, 1 unavailable\n");
}

}  // namespace
}  // namespace bpfmatrix
