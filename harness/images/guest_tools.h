// The static programs that run inside a guest: the agent, the loaders and the probe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

struct LoaderFile {
  /// "libbpf": the part of the file's name after "loader-" or "app-".
  std::string name{};
  std::filesystem::path file{};
};

struct GuestTools {
  std::filesystem::path agent{};
  /// Sorted by name.
  std::vector<LoaderFile> loaders{};
  /// Static programs that know nothing of us; not part of the image, but handed over to the cells
  /// whose loader they are.
  std::vector<LoaderFile> commands{};
  /// Asks a kernel what it is; not part of the image, but handed over when it is wanted.
  std::filesystem::path probe{};
};

/// Looks in $BPFMATRIX_GUEST_DIR/<arch> if that is set, else beside our own binary:
/// ../guest/<arch> (build tree), ../libexec/bpfmatrix/guest/<arch> (installed).
/// Error: no folder has a file `agent`; the hint lists where it was looked for.
Result<GuestTools> find_guest_tools(Arch arch);

/// The same, in `folders` in that order.
Result<GuestTools> find_guest_tools(const std::vector<std::filesystem::path>& folders);

}  // namespace bpfmatrix
