// Where the tests that boot find their kernels. The one place to change when that changes.
//
// BPFMATRIX_TEST_KERNEL_DIR holds a folder per kernel, <series>-<arch> ("6.1-x86_64"), with vmlinuz
// and modules/ (modules.builtin, kernel/...) in it; both may be links.
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

/// Empty when the environment names no folder, and without what is not there.
inline std::vector<TestKernel> test_kernels() {
  std::vector<TestKernel> kernels;
  const char* folder = std::getenv("BPFMATRIX_TEST_KERNEL_DIR");
  if (folder == nullptr) return kernels;
  for (const char* series : {"5.10", "6.1", "6.12", "7.2"}) {
    for (const Arch arch : kArches) {
      const std::string name = std::string(series) + "-" + std::string(to_string(arch));
      const std::filesystem::path kernel = std::filesystem::path(folder) / name;
      const std::filesystem::path init = std::filesystem::path(BPFMATRIX_BINARY_DIR) /
                                         "test-guest" / ("init." + std::string(to_string(arch)));
      if (!std::filesystem::exists(kernel / "vmlinuz") || !std::filesystem::exists(init)) continue;
      kernels.push_back({name, arch, kernel / "vmlinuz", kernel / "modules", init});
    }
  }
  return kernels;
}

}  // namespace bpfmatrix
