// The simplest condition that tells cells apart: `kernel < 5.8`, `arch == aarch64 and btf == none`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "matrix/condition.h"

namespace bpfmatrix {

/// A condition that holds for all of `in` and for none of `out`, in the language of conditions; of
/// those that do, one with the fewest comparisons. Nothing: version, architecture, BTF and loader
/// do not tell them apart. `in` is not empty.
std::optional<std::string> split_condition(const std::vector<ConditionFacts>& in,
                                           const std::vector<ConditionFacts>& out);

}  // namespace bpfmatrix
