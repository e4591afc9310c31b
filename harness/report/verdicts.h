// What came of the expectations, for a person and for a script: the counts, and every cell that is
// not as expected with the command to look closer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/expect/judge.h"
#include "base/json.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct JudgedCell {
  std::string cell{};
  CellVerdict verdict{};
  /// The cell was brought to its end, whatever that was, and each time to the same.
  bool told = true;
};

struct VerdictSummary {
  std::map<Verdict, int> counts{};
  /// Everything but as_expected, in the order of the outcomes.
  std::vector<JudgedCell> notable{};
};

/// By case id.
using RulesByCase = std::map<std::string, std::vector<ExpectationRule>>;

/// A case that is not among the rules has no expectation. `kernels` and `features` say what is
/// known of the kernels; nullptr: nothing.
VerdictSummary judge_all(const std::vector<Outcome>& outcomes, const RulesByCase& rules,
                         RunKernels* kernels = nullptr, const Features* features = nullptr);

/// Lists unexpected cells in full, and how many could not be judged and why.
std::string render_verdicts(const VerdictSummary& summary, const std::string& run_dir);
OrderedJson to_json(const VerdictSummary& summary);

}  // namespace bpfmatrix
