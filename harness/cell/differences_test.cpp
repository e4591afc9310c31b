#include "cell/differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Outcome sample() {
  Outcome outcome;
  outcome.cell = "k/c/kernel/libbpf";
  outcome.end = End::completed;
  ProgramOutcome program;
  program.name = "on_open";
  program.load.stage.result = StageResult::ok;
  program.load.stats.insns = 12;
  program.run.fired = 3;
  outcome.programs.push_back(program);
  outcome.observed.push_back({"pid", std::int64_t{77}, std::int64_t{77}, ObservedResult::right});
  return outcome;
}

TEST(Differences, times_counts_and_observed_numbers_may_change) {
  Outcome other = sample();
  other.vm.wall_ms = 9;
  other.vm.cloned = true;
  other.console_tail = "[ 1.0] x";
  other.programs[0].run.fired = 5;
  other.programs[0].load.stats.verification_usec = 7;
  other.observed[0].value = std::int64_t{78};
  other.observed[0].expected = std::int64_t{78};
  EXPECT_THAT(differences(sample(), other), IsEmpty());
}

TEST(Differences, what_a_cell_came_to_may_not) {
  Outcome other = sample();
  other.end = End::hung;
  other.programs[0].load.stage = {StageResult::failed, "EACCES", "no"};
  other.observed[0].result = ObservedResult::wrong;
  EXPECT_THAT(differences(sample(), other),
              ElementsAre("end: completed, hung", "programs[on_open].load.result: ok, failed",
                          "programs[on_open].load.errno: null, EACCES",
                          "observed[pid].result: right, wrong"));
}

TEST(Differences, whether_a_program_fired_may_not_change) {
  Outcome other = sample();
  other.programs[0].run.fired = 0;
  EXPECT_THAT(differences(sample(), other), ElementsAre("programs[on_open].run: fired, not fired"));
}

TEST(Differences, a_program_more_is_a_difference) {
  Outcome other = sample();
  other.programs.emplace_back().name = "another";
  EXPECT_EQ(differences(sample(), other).size(), 1U);
}

}  // namespace
}  // namespace bpfmatrix
