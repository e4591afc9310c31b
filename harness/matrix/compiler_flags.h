// The flags that a case may give to clang. A case is a stranger's file: what loads code into clang,
// reads a file of this machine or writes one is not among them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// `words` as clang, run in the source's folder, is to get them: one word per flag. The folders of
/// -I are relative to `folder`, the case's. Error: the first flag that is not allowed, with those
/// that are as the hint.
Result<std::vector<std::string>> compiler_flags(const std::vector<std::string>& words,
                                                const std::filesystem::path& folder,
                                                const std::filesystem::path& source_folder);

}  // namespace bpfmatrix
