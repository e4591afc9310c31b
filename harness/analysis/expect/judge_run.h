// All cells of a run, compared with what their cases expect.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/expect/judge.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct JudgedCell {
  std::string cell{};
  CellVerdict verdict{};
};

struct VerdictSummary {
  std::map<Verdict, int> counts{};
  /// Everything but as_expected, in the order of the outcomes; then what has none.
  std::vector<JudgedCell> notable{};

  /// There is something, and all of it is known.
  bool all_known() const;
};

/// By case id.
using RulesByCase = std::map<std::string, std::vector<ExpectationRule>>;

/// A case that is not among the rules has no expectation, and a cell of `planned` without an
/// outcome is unsure. `kernels` and `features` say what is known of the kernels; nullptr: nothing.
VerdictSummary judge_all(const std::vector<Outcome>& outcomes,
                         const std::vector<std::string>& planned, const RulesByCase& rules,
                         RunKernels* kernels = nullptr, const Features* features = nullptr);

}  // namespace bpfmatrix
