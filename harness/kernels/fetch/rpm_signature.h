// Whether an RPM package is what it should be: its signature, checked by rpmkeys against one key,
// and the name that its signed header gives it.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

/// Who may sign a package, and when it is judged.
struct RpmTrust {
  std::filesystem::path key_file{};
  /// Of the one key in `key_file`.
  std::string fingerprint{};
  /// Even if the key is weak (openpgp_key.h): the package is pinned by its hash.
  bool may_be_weak = false;
  std::chrono::sys_seconds now{};
};

/// Blocks for a run of rpmkeys and one of rpm, which see nothing but this package and this key, and
/// are confined to them. `name` is what errors call the package. Gives when it was signed. Errors:
/// rpmkeys is missing; the key's file is not the key `fingerprint`, or it is weak; the header has
/// no good signature by it, or one over a digest weaker than SHA-256; the payload is not the one
/// whose hash the header holds; or the signature's time contradicts the package's or the key's: see
/// rpm_time_problem.
Result<std::chrono::sys_seconds> verify_rpm(const std::filesystem::path& rpm,
                                            const std::string& name, const RpmTrust& trust);

/// The times around a package. A distribution signs when it publishes, which may be months after it
/// built; so there is no latest time but now.
struct RpmTimes {
  std::chrono::sys_seconds built{};
  std::chrono::sys_seconds signed_at{};
  std::chrono::sys_seconds key_made{};
  std::optional<std::chrono::sys_seconds> key_expires{};
};

/// "made 2008-06-01 00:00 UTC, before ...": signed more than a day before it was built (the clocks
/// of two machines), before its key was made, after it had expired, or in the future.
std::optional<std::string> rpm_time_problem(const RpmTimes& times, std::chrono::sys_seconds now);

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
