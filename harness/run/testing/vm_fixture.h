// For the tests that boot real kernels: they come from the user's own store, and are fetched into
// it, checked as always, when they are missing.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "run/objects/kernel_finder.h"
#include "run/run.h"

namespace bpfmatrix {

class VmFixture : public ::testing::Test {
 protected:
  void SetUp() override;

  /// Runs these cases (ids or globs of the suite) on these kernels, as `bpfmatrix run` does.
  std::vector<Outcome> run_cases(const std::vector<std::string>& kernels,
                                 const std::vector<std::string>& cases,
                                 const std::optional<std::vector<BtfSource>>& btf = std::nullopt);
  /// The same for objects, as `bpfmatrix run --object` does.
  std::vector<Outcome> run_objects(const std::vector<std::string>& kernels,
                                   const std::vector<std::string>& files);

  std::vector<Outcome> run_suite(const MatrixSpec& matrix, const std::vector<CaseSpec>& suite);
  /// Of the cases that come with bpfmatrix.
  std::vector<Outcome> run_suite(const MatrixSpec& matrix);

  /// The outcome of a cell of this id; a failed test when there is none.
  static const Outcome& find(const std::vector<Outcome>& outcomes, const std::string& cell);

  Result<TempDir> scratch_ = TempDir::create();
  RunSettings settings_{};
  std::unique_ptr<KernelFinder> kernels_{};
  int runs_ = 0;
};

}  // namespace bpfmatrix
