// What is wrong with the expectations of a case, without running it: words that do not exist, rules
// that can never decide, programs and values that nothing is expected of or that are not there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/causes/features.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {

/// What the case's object has in it, compiled for one architecture.
struct ObjectContents {
  std::vector<std::string> programs{};
  /// Fields of the map `observed`.
  std::vector<std::string> observed{};
};
/// An architecture for which the object is unavailable is left out: then less is checked.
using ContentsByArch = std::map<Arch, ObjectContents>;

struct CaseProblem {
  /// The rule it is about; nothing: the case.
  std::optional<std::size_t> rule{};
  std::string problem{};
  std::string what_to_do{};
};

/// All problems, those of the case first, then rule by rule.
std::vector<CaseProblem> check_case(const CaseSpec& spec, const Features& features,
                                    const ContentsByArch& contents);

}  // namespace bpfmatrix
