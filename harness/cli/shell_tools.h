// The userland of a guest that somebody works in: busybox, and bpftool with its libraries, out of
// Debian's packages for the guest's architecture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/fetch/fetch_options.h"

namespace bpfmatrix {

struct ShellFile {
  /// Below kShellTools.
  std::string name{};
  std::filesystem::path file{};
};

inline constexpr const char* kShellTools = "/run/bpfmatrix/tools";
inline constexpr const char* kShellObjects = "/run/bpfmatrix/objects";

/// Fetched once, checked as every package. Blocks for the network. Error: see fetch_deb_file.
Result<std::vector<ShellFile>> find_shell_tools(Arch arch, const FetchOptions& options);

/// Commands for the guest's shell that put each thing where a person looks for it: /bin, /lib,
/// /objects.
std::string shell_setup(Arch arch);

}  // namespace bpfmatrix
