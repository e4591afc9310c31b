// Where the tests that boot find their kernels: in the store that `bpfmatrix kernels fetch` fills,
// $XDG_CACHE_HOME/bpfmatrix or ~/.cache/bpfmatrix, where kernels/<id>/ holds vmlinuz and modules/.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace bpfmatrix {

struct TestKernel {
  std::string name{};
  Arch arch = Arch::x86_64;
  std::filesystem::path image{};
  std::filesystem::path modules{};
  /// harness/vm/test_init.c, built for this architecture.
  std::filesystem::path init{};
};

inline std::filesystem::path test_kernel_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && *cache != '\0')
    return std::filesystem::path(cache) / "bpfmatrix" / "kernels";
  return std::filesystem::path(home != nullptr ? home : "/") / ".cache" / "bpfmatrix" / "kernels";
}

/// Without what is not there.
inline std::vector<TestKernel> test_kernels() {
  std::vector<TestKernel> kernels;
  for (const char* series : {"5.10", "6.1", "6.12", "7.x"}) {
    for (const Arch arch : kArches) {
      const std::string name = "debian-" + std::string(series) + "-" + std::string(to_string(arch));
      const std::filesystem::path kernel = test_kernel_folder() / name;
      const std::filesystem::path init = std::filesystem::path(BPFMATRIX_BINARY_DIR) /
                                         "test-guest" / ("init." + std::string(to_string(arch)));
      if (!std::filesystem::exists(kernel / "vmlinuz") || !std::filesystem::exists(init)) continue;
      kernels.push_back({name, arch, kernel / "vmlinuz", kernel / "modules", init});
    }
  }
  return kernels;
}

}  // namespace bpfmatrix
