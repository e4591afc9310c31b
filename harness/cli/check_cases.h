// `bpfmatrix cases check`: everything that can be found wrong with a folder of cases without
// booting a kernel.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace bpfmatrix {

/// Prints each finding with its file and rule, and what to do about it. Value: the exit code, 0
/// where there is none and 1 where there are some. Error: the folder cannot be read.
Result<int> check_cases(const std::filesystem::path& dir);

}  // namespace bpfmatrix
