// One cell of a run, with all that it takes to run it again, in one file.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "repro/manifest.h"
#include "run/objects/kernel_finder.h"
#include "run/settings.h"

namespace bpfmatrix {

/// Whether the kernel itself goes into the pack.
enum class PackedKernel {
  if_it_is_nowhere_else,  ///< added by its user, or given by path: it cannot be fetched
  always,
};

struct PackRequest {
  /// Directory of a finished run.
  std::filesystem::path run{};
  /// Id of a cell of it, or a glob that only one of its cells matches.
  std::string cell{};
  PackedKernel kernel = PackedKernel::if_it_is_nowhere_else;
  /// The version of this program.
  std::string bpfmatrix{};
};

struct Pack {
  Manifest manifest{};
  /// The file's: the same for the same run and cell, whenever it is made.
  std::string bytes{};
};

/// Looks for what the cell was run with and takes it only if it has the recorded hash; `kernels`
/// learns of the run's kernels that were given by path. May compile the case, never downloads.
/// Error: no such cell, or no single one; it was never run; its case, object, application, BTF or
/// kernel is gone or has changed since; more than a pack may have.
Result<Pack> make_pack(const PackRequest& request, KernelFinder& kernels,
                       const RunSettings& settings);

}  // namespace bpfmatrix
