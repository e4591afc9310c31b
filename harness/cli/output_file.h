// Files that a person names for a result (-o FILE, --baseline FILE --accept). They are his, so that
// a symbolic link leads to what is written, as it does everywhere else.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

/// The file that `path` stands for when links are followed, whether it exists or not.
std::filesystem::path behind_links(const std::filesystem::path& path);

/// Writes it, all or nothing (base/file.h); one that is there keeps its mode. Error: it cannot be
/// written, or is no plain file; links that lead in a circle.
Result<> write_output(const std::filesystem::path& path, std::string_view bytes);

/// Waits until nobody else who asks for this rewrites the file; the lock goes with the descriptor,
/// which is not valid where there is no such file, or the file system has no locks.
Fd lock_for_rewriting(const std::filesystem::path& path);

}  // namespace bpfmatrix
