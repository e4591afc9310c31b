#include "outcome/outcome.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

Outcome with(RelocationResult first, RelocationResult second) {
  Outcome outcome;
  for (const RelocationResult result : {first, second}) {
    ProgramOutcome program;
    program.load.stage.result = StageResult::ok;
    program.relocations = {{.result = RelocationResult::resolved}, {.result = result}};
    outcome.programs.push_back(program);
  }
  return outcome;
}

TEST(LoadedWithSkippedRelocations, is_told_of_the_program_that_has_them) {
  Outcome outcome = with(RelocationResult::poisoned, RelocationResult::skipped);
  EXPECT_FALSE(loaded_with_skipped_relocations(outcome, outcome.programs[0]));
  EXPECT_TRUE(loaded_with_skipped_relocations(outcome, outcome.programs[1]));
  outcome.programs[1].load.stage.result = StageResult::failed;
  EXPECT_FALSE(loaded_with_skipped_relocations(outcome, outcome.programs[1]));
}

TEST(LoadedWithSkippedRelocations, without_a_record_the_loader_is_believed) {
  Outcome outcome = with(RelocationResult::resolved, RelocationResult::resolved);
  outcome.relocate.skipped = 2;
  EXPECT_FALSE(loaded_with_skipped_relocations(outcome, outcome.programs[0]));
  for (ProgramOutcome& program : outcome.programs) program.relocations.clear();
  EXPECT_TRUE(loaded_with_skipped_relocations(outcome, outcome.programs[0]));
}

}  // namespace
}  // namespace bpfmatrix
