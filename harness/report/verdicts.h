// What came of the expectations, for a person and for a script: the counts, and every cell that is
// not as expected with the command to look closer.
#pragma once

#include <string>

#include "analysis/expect/judge_run.h"
#include "base/json.h"

namespace bpfmatrix {

/// Lists unexpected cells in full, and how many could not be judged and why.
std::string render_verdicts(const VerdictSummary& summary, const std::string& run_dir);
OrderedJson to_json(const VerdictSummary& summary);

}  // namespace bpfmatrix
