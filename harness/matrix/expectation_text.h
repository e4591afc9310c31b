// Rules as people write them into a case.json: one a line, broken at 100 columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "matrix/expectation.h"

namespace bpfmatrix {

/// The rule as it is written in "expect", without the margin of its first line.
std::string rule_text(const ExpectationRule& rule);

/// A rule of the new list: a new one, or one that the file has already, by its place.
using RuleSource = std::variant<ExpectationRule, std::size_t>;

/// The text of a case.json with other expectations. Whatever else is in it, and rules that it has
/// already, stay as they are written. `case_text` must be one that read_case takes.
std::string with_expectations(std::string_view case_text, const std::vector<RuleSource>& rules);

}  // namespace bpfmatrix
