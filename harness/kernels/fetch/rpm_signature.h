// Whether an RPM package is what it should be: its signature, checked by rpmkeys against one key,
// and the name that its signed header gives it.
#pragma once

#include <filesystem>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

/// Blocks for one run of rpmkeys, which sees nothing but this package and this key. `name` is what
/// errors call the package. Errors: rpmkeys is missing; the key's file
/// is not the key `fingerprint`; the header has no good signature by it, or one over a digest
/// weaker than SHA-256; the payload is not the one whose hash the header holds.
Result<> verify_rpm(const std::filesystem::path& rpm, const std::string& name,
                    const std::filesystem::path& key_file, const std::string& fingerprint);

/// What a package says it is: "kernel-core", "4.18.0-348.el8", "x86_64".
struct RpmName {
  std::string name{};
  std::string version{};
  std::string arch{};

  /// "kernel-core-4.18.0-348.el8.x86_64.rpm"
  std::string file_name() const;
};

/// Of a package that was verified, or whose hash is known: rpm would take other files for lists of
/// packages. Blocks for one run of rpm.
Result<RpmName> read_rpm_name(const std::filesystem::path& rpm);

}  // namespace bpfmatrix
