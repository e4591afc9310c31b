// Files that a case names: in its own folder or below, never elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bpfmatrix {

/// `folder`/`name`. Nothing: the name is empty or absolute, or it leads out of the folder, by ".."
/// or by a symbolic link. What is not there leads nowhere, so it passes.
std::optional<std::filesystem::path> inner_path(const std::filesystem::path& folder,
                                                const std::string& name);

}  // namespace bpfmatrix
