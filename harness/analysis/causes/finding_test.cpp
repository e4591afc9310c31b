#include "analysis/causes/finding.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

Outcome completed() {
  Outcome outcome;
  outcome.end = End::completed;
  outcome.open.result = StageResult::ok;
  return outcome;
}

TEST(Finding, a_program_that_came_through_has_none) {
  Outcome outcome = completed();
  ProgramOutcome program;
  program.load.stage.result = StageResult::ok;
  outcome.programs = {program};
  EXPECT_EQ(find_cause(outcome, &outcome.programs[0]).words, "");
}

TEST(Finding, names_cause_subject_and_place_of_a_refusal) {
  Outcome outcome = completed();
  ProgramOutcome program;
  program.name = "prog";
  program.load.stage = {StageResult::failed, "EINVAL", ""};
  program.load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999";
  outcome.programs = {program};
  const Finding finding = find_cause(outcome, &outcome.programs[0]);
  EXPECT_EQ(finding.words, short_text(Cause::helper_unknown));
  EXPECT_NE(finding.sentence.find("999"), std::string::npos) << finding.sentence;
  EXPECT_NE(finding.sentence.find("at instruction 0"), std::string::npos) << finding.sentence;
}

TEST(Finding, a_machine_that_was_lost_says_nothing_about_the_program) {
  Outcome outcome = completed();
  outcome.end = End::hung;
  outcome.end_reason = "no answer";
  ProgramOutcome program;
  program.load.stage = {StageResult::failed, "EINVAL", ""};
  outcome.programs = {program};
  const Finding finding = find_cause(outcome, &outcome.programs[0]);
  EXPECT_EQ(finding.words, "hung");
  EXPECT_EQ(finding.sentence, "hung: no answer");
}

TEST(Finding, an_object_refused_at_open_has_the_cause_itself) {
  Outcome outcome = completed();
  outcome.open = {
      StageResult::failed, "EOPNOTSUPP",
      "libbpf: elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+"};
  EXPECT_EQ(find_cause(outcome, nullptr).words, short_text(Cause::legacy_maps));
}

}  // namespace
}  // namespace bpfmatrix
