// What came of the expectations and of a baseline, for a person: the root causes
// of what is not as expected, and the counts.
#pragma once

#include <string>
#include <vector>

#include "analysis/expect/judge_run.h"
#include "analysis/expect/root_causes.h"

namespace bpfmatrix {

/// A line for each root cause, with the command to look closer; how many cells could not be judged
/// and why; what only the baseline has; the counts.
std::string render_verdicts(const VerdictSummary& summary, const std::vector<RootCause>& roots,
                            const std::string& run_dir);

}  // namespace bpfmatrix
