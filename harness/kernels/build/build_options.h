// The options of `kernels build`, beside the catalog's entry.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "kernels/fetch/fetch_options.h"

namespace bpfmatrix {

/// How far the compiler is. Called for every file, on the building thread.
struct BuildProgress {
  std::int64_t objects = 0;
  /// About: what the catalog says.
  std::int64_t total = 0;
};

struct BuildOptions {
  FetchOptions fetch{};
  /// From choose_kernel_mirror.
  std::string kernel_mirror{};
  /// The folder of the fragments: kernels/config of the data.
  std::filesystem::path fragments{};
  /// The source, already here: a tarball, or the folder of an unpacked one.
  std::optional<std::filesystem::path> given{};
  int jobs = 1;
  /// Leave source and objects in the store for the next build, which then compiles only what
  /// changed. They are left after a failure anyway.
  bool keep = false;
  /// May be empty.
  std::function<void(const BuildProgress&)> progress{};
};

}  // namespace bpfmatrix
