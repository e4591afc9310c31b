#include "outcome/outcome.h"

#include <algorithm>

namespace bpfmatrix {

bool loaded_with_skipped_relocations(const Outcome& outcome, const ProgramOutcome& program) {
  if (program.load.stage.result != StageResult::ok) return false;
  const bool recorded =
      std::any_of(outcome.programs.begin(), outcome.programs.end(),
                  [](const ProgramOutcome& one) { return !one.relocations.empty(); });
  if (!recorded) return outcome.relocation.skipped.value_or(0) > 0;
  return std::any_of(
      program.relocations.begin(), program.relocations.end(),
      [](const RelocationRecord& record) { return record.result == RelocationResult::skipped; });
}

}  // namespace bpfmatrix
