// New expectations from what was observed: rules that still hold stay, rules that were not met are
// split or rewritten. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "matrix/expectation.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct UpdatedRule {
  ExpectationRule rule{};
  /// Its place among the old rules, if it is one of them and unchanged.
  std::optional<std::size_t> kept{};
};

struct ExpectationUpdate {
  std::vector<UpdatedRule> rules{};
  /// Cells that are still unexpected, because their outcomes are not conclusive.
  std::vector<std::string> left{};
};

/// `outcomes` are those of one case. A machine that was lost, a cause that is unknown: from such
/// nothing is learned. Held against the new rules, no outcome is unexpected but those of `left`.
/// New conditions are the simplest that tell what was seen apart; `because` names the kernels.
/// Error: this needs more rules than a case may have.
Result<ExpectationUpdate> update_expectations(const std::vector<ExpectationRule>& old,
                                              const std::vector<Outcome>& outcomes);

}  // namespace bpfmatrix
