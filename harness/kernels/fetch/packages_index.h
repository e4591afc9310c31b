// A suite's Packages file: which packages there are, and the hash of each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/fetch/deb_relation.h"

namespace bpfmatrix {

/// No index, packed or not, is larger.
inline constexpr std::uint64_t kMaxIndexBytes = 512ULL << 20;

struct DebPackage {
  std::string name{};
  /// The source package that it was built from.
  std::string source{};
  std::string version{};
  std::string architecture{};
  std::vector<DebAlternatives> depends{};
  std::vector<DebAlternatives> pre_depends{};
  /// Names that others may depend on as well; of one alternative each, with "=" and a version or
  /// without.
  std::vector<DebAlternatives> provides{};
  /// Below the mirror's root, safe to append to it.
  std::string filename{};
  std::uint64_t bytes = 0;
  std::string sha256{};
};

/// What becomes of an entry that is wanted and lacks a field, or has a wrong one.
enum class DamagedEntry {
  error,
  left_out,  ///< for who wants all: most of them are of no use to him
};

/// Reads the file, compressed or not, as a stream: of its some 60,000 packages only those whose
/// name `wanted` likes are kept. Error: damaged, or a wanted entry lacks a field or has a wrong
/// one.
Result<std::vector<DebPackage>> read_packages(const std::filesystem::path& path,
                                              const std::function<bool(std::string_view)>& wanted,
                                              DamagedEntry damaged = DamagedEntry::error);

/// The newest package of that name which `relation` accepts; nullptr if there is none.
const DebPackage* newest(const std::vector<DebPackage>& packages, const DebRelation& relation);

}  // namespace bpfmatrix
