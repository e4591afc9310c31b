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
                {{"good", wants_accepted()}, {"bad", wants_accepted()}});
  EXPECT_EQ(render_verdicts(summary, "runs/1"),
            "unexpected: k/bad/kernel/libbpf\n"
            "  'prog': load: wanted ok, got failed (it is small)\n"
            "  look closer: bpfmatrix explain runs/1 k/bad/kernel/libbpf\n"
            "unsure: no expectation (1, such as k/mute/kernel/libbpf)\n"
            "1 as_expected, 1 unexpected, 1 unsure\n");
}

/// What the exit code is made from.
TEST(Verdicts, a_cell_that_was_lost_is_not_told_unless_that_was_expected) {
  Outcome lost = outcome("lost", StageResult::not_reached);
  lost.end = End::lost;
  Outcome flaky = outcome("flaky", StageResult::ok);
  flaky.vm.flaky = {"end: hung, completed"};
  Outcome unavailable = outcome("unavailable", StageResult::not_reached);
  unavailable.end = End::unavailable;
  const auto expected_unavailable =
      *read_expectations(*parse_json(R"([{"end":"unavailable","because":"no LSM"}])", "f"), "f");
  const VerdictSummary summary =
      judge_all({lost, flaky, unavailable, outcome("mute", StageResult::ok)},
                {{"lost", wants_accepted()},
                 {"flaky", wants_accepted()},
                 {"unavailable", expected_unavailable}});
  ASSERT_EQ(summary.notable.size(), 3U) << "unavailable is as expected";
  EXPECT_FALSE(summary.notable[0].ended);
  EXPECT_FALSE(summary.notable[1].ended);
  EXPECT_TRUE(summary.notable[2].ended) << "unsure for want of a rule, but nothing was lost";
}

TEST(Verdicts, json_carries_every_count_and_every_mismatch) {
  const OrderedJson json =
      to_json(judge_all({outcome("bad", StageResult::failed)}, {{"bad", wants_accepted()}}));
  EXPECT_EQ(json["counts"].size(), std::size(kVerdictWords));
  EXPECT_EQ(json["not_as_expected"][0]["verdict"], "unexpected");
  EXPECT_EQ(json["not_as_expected"][0]["mismatches"][0]["field"], "load");
}

}  // namespace
}  // namespace bpfmatrix
