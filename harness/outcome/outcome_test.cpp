#include "outcome/outcome.h"

#include <gtest/gtest.h>

#include "outcome/kernel_facts.h"

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

template <typename E>
void expect_words_to_read_back() {
  for (const auto& one : words_of(E{})) {
    EXPECT_EQ(to_string(one.value), one.word);
    EXPECT_EQ(parse_word<E>(one.word), one.value) << one.word;
  }
  EXPECT_EQ(parse_word<E>("accepted"), std::nullopt);
}

TEST(OutcomeWords, read_back) {
  expect_words_to_read_back<End>();
  expect_words_to_read_back<StageResult>();
  expect_words_to_read_back<EmbeddedOrigin>();
  expect_words_to_read_back<ArgumentsSeen>();
  expect_words_to_read_back<ObservedResult>();
  expect_words_to_read_back<RelocationResult>();
  expect_words_to_read_back<CrossCheck>();
  expect_words_to_read_back<Ternary>();
  expect_words_to_read_back<SymbolList>();
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
