// What an application writes, held against what its user says of it (matrix/loader_app.h,
// OwnObject). Regular expressions are RE2's: they take linear time, whatever the output is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// Error: `pattern` is no regular expression; says of which `option`, and why.
Result<> check_pattern(const std::string& pattern, std::string_view option);

/// Some place of `output` matches; '.' is no line end, '^' and '$' are those of a line.
bool matches_output(std::string_view output, const std::string& pattern);

}  // namespace bpfmatrix
