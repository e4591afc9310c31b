// Kernel facts in files: NAME.json.gz in a run directory and in the store.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// Facts in the form that is kept, and the hash they are known by.
struct PackedFacts {
  std::string sha256{};
  std::string gzip{};
};
PackedFacts pack(const KernelFacts& facts);

/// Error: there is no such file, or it holds no facts of this schema.
Result<KernelFacts> read_kernel_facts(const std::filesystem::path& file);

/// Facts, and the same as they lie in their file.
struct KeptFacts {
  KernelFacts facts{};
  PackedFacts packed{};
};
/// Error: as read_kernel_facts().
Result<KeptFacts> read_kept_facts(const std::filesystem::path& file);

/// Where a run keeps the facts of this hash.
std::filesystem::path kernel_facts_path(const std::filesystem::path& run_dir,
                                        const std::string& sha256);

/// The facts about the kernels of one run, each read when it is first needed.
class RunKernels {
 public:
  explicit RunKernels(std::filesystem::path run_dir) : run_dir_(std::move(run_dir)) {}

  /// Reads those that the outcomes name, as many at a time as there are cores: for when most
  /// will be asked for.
  void read_ahead(const std::vector<Outcome>& outcomes);
  /// nullptr: the outcome names no facts, or they cannot be read. Valid as long as this.
  const KernelFacts* of(const Outcome& outcome);

 private:
  std::unique_ptr<const KernelFacts> read(const std::string& sha256) const;

  std::filesystem::path run_dir_;
  std::map<std::string, std::unique_ptr<const KernelFacts>> facts_{};
};

}  // namespace bpfmatrix
