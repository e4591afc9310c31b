// Debian's versions and dependency fields, as far as finding a kernel needs them (deb-version(7),
// Debian Policy 7.1).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// [epoch:]upstream[-revision], in dpkg's order: "1.0~rc1" < "1.0" < "1.0-1" < "1:0.1".
std::strong_ordering compare_deb_versions(std::string_view a, std::string_view b);

/// "linux-image-6.1.0-50-cloud-amd64 (= 6.1.176-1)".
struct DebRelation {
  std::string package{};
  /// "<<", "<=", "=", ">=", ">>", or empty: any version will do.
  std::string comparison{};
  std::string version{};

  bool accepts(std::string_view candidate) const;
};

/// `a | b`: one of them is enough.
using DebAlternatives = std::vector<DebRelation>;

/// All of a Depends field. Error: not of that grammar.
Result<std::vector<DebAlternatives>> parse_relations(std::string_view field);

}  // namespace bpfmatrix
