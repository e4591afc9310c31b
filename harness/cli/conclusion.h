// How `run` ends, and `judge` begins anew: the matrix, what of it is not as expected, the exit
// code.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/gate_options.h"
#include "cli/history_options.h"
#include "outcome/cells.h"
#include "report/verdicts.h"

namespace bpfmatrix {

/// Of a run directory: outcomes.jsonl, or outcomes.jsonl.gz where runs are kept.
Cells cells_of_run(const std::string& run_dir);
/// All of them at once.
Result<std::vector<Outcome>> read_run_outcomes(const std::string& run_dir);

/// Prints it, for a person or as JSON. `planned` are the ids of all cells that the run was to have:
/// one without an outcome is not known, and neither is a run of nothing. `history` says what was
/// seen before, and keeps the run.
/// Error: the cells cannot be read.
Result<ExitCode> conclude(const Cells& cells, const std::vector<std::string>& planned,
                          const RulesByCase& rules, const Gate& gate, RunHistory& history,
                          const std::string& run_dir, bool json);

}  // namespace bpfmatrix
