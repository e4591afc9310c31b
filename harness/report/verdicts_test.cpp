#include "report/verdicts.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

Outcome outcome(const std::string& case_id, StageResult load) {
  Outcome o;
  o.cell = "k/" + case_id + "/kernel/libbpf";
  o.case_id = case_id;
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
  const VerdictSummary summary =
      judge_all({outcome("good", StageResult::ok), outcome("bad", StageResult::failed),
                 outcome("mute", StageResult::ok)},
                {}, {{"good", wants_accepted()}, {"bad", wants_accepted()}});
  EXPECT_EQ(render_verdicts(summary, "runs/1"),
            "unexpected: k/bad/kernel/libbpf\n"
            "  'prog': load: wanted ok, got failed (it is small)\n"
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
  EXPECT_EQ(render_verdicts(summary, "runs/1"),
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
  const OrderedJson json =
      to_json(judge_all({outcome("bad", StageResult::failed)}, {}, {{"bad", wants_accepted()}}));
  EXPECT_EQ(json["counts"].size(), kVerdicts.size());
  EXPECT_EQ(json["not_as_expected"][0]["verdict"], "unexpected");
  EXPECT_EQ(json["not_as_expected"][0]["mismatches"][0]["field"], "load");
}

}  // namespace
}  // namespace bpfmatrix
