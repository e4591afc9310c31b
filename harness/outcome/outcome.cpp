#include "outcome/outcome.h"

#include <algorithm>

namespace bpfmatrix {

bool has_relocation_records(const Outcome& outcome) {
  return std::any_of(outcome.programs.begin(), outcome.programs.end(),
                     [](const ProgramOutcome& one) { return !one.relocations.empty(); });
}

bool loaded_with_skipped_relocations(const Outcome& outcome, const ProgramOutcome& program) {
  if (program.load.stage.result != StageResult::ok) return false;
  if (!has_relocation_records(outcome)) return outcome.relocate.skipped.value_or(0) > 0;
  return std::any_of(
      program.relocations.begin(), program.relocations.end(),
      [](const RelocationRecord& record) { return record.result == RelocationResult::skipped; });
}

}  // namespace bpfmatrix
