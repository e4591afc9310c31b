// How `run` ends, and `judge` begins anew: the matrix, what of it is not as expected, the exit
// code.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/gate_options.h"
#include "cli/history_options.h"
#include "report/verdicts.h"

namespace bpfmatrix {

/// Of a run directory: outcomes.jsonl, or outcomes.jsonl.gz where runs are kept.
Result<std::vector<Outcome>> read_run_outcomes(const std::string& run_dir);

/// Prints it, for a person or as JSON. `planned` are the ids of all cells that the run was to have:
/// one without an outcome is not known, and neither is a run of nothing. `history` says what was
/// seen before, and keeps the run.
ExitCode conclude(const std::vector<Outcome>& outcomes, const std::vector<std::string>& planned,
                  const RulesByCase& rules, const Gate& gate, RunHistory& history,
                  const std::string& run_dir, bool json);

}  // namespace bpfmatrix
