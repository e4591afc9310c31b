// `--update-expectations`: what the suite's cases expect, rewritten from what was seen.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

enum class Update {
  write,
  preview,  ///< only show what would change
};

/// Goes through the cases below `dir` that have outcomes, rewrites the `expect` of those that were
/// not as expected, and prints the difference. Each file is replaced whole or not at all. Error: a
/// case cannot be read or written; files before it in the suite are rewritten by then.
Result<> update_expectations_of(const std::filesystem::path& dir,
                                const std::vector<Outcome>& outcomes, Update update);

}  // namespace bpfmatrix
