// Takes sections out of an object, as packagers do who strip what they ship: .BTF, .BTF.ext.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

class SectionStripper {
 public:
  /// Results are kept below `cache_dir`.
  explicit SectionStripper(std::filesystem::path cache_dir) : cache_dir_(std::move(cache_dir)) {}

  /// A copy of the object without these sections and what relocates them. Error: llvm-objcopy is
  /// missing or refuses.
  Result<std::filesystem::path> strip(const std::filesystem::path& object,
                                      const std::vector<std::string>& sections) const;

 private:
  std::filesystem::path cache_dir_;
};

}  // namespace bpfmatrix
