// A suite's Release file: the hashes of its indexes, and how long they are good.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// By which the clock of a signer, or ours, may be wrong.
inline constexpr std::chrono::hours kClockSkew{24};

struct ReleaseIndex {
  std::uint64_t bytes = 0;
  std::string sha256{};
};

struct ReleaseFile {
  /// Whose archive: "Debian"; may be empty, as may the names.
  std::string origin{};
  std::string suite{};
  std::string codename{};
  /// "12.15"; suites that were never released have none.
  std::string version{};
  std::chrono::sys_seconds date{};
  /// Absent in suites that are no longer, or seldom, changed.
  std::optional<std::chrono::sys_seconds> valid_until{};
  bool by_hash = false;
  /// By path below dists/SUITE/: "main/binary-amd64/Packages.xz".
  std::map<std::string, ReleaseIndex> indexes{};
};

/// The time at which a Release file must be good.
struct AsOf {
  std::chrono::sys_seconds time{};
  /// As of a snapshot; otherwise by the clock of this machine.
  bool past = false;
};

/// `source` names the text in errors. Error: a field is missing, twice or malformed.
Result<ReleaseFile> parse_release(std::string_view text, std::string_view source);

/// Is this the requested suite, and up to date? Error: another suite's file (a mirror may
/// replay one: its signature is good), past its Valid-Until, or dated more than a day ahead. One
/// that is years away from the clock says so: most likely it is the clock that is wrong.
Result<> check_release(const ReleaseFile& release, std::string_view suite, std::string_view source,
                       const AsOf& as_of);

/// "Sat, 11 Jul 2026 10:16:37 UTC"; nothing if the text is not of that form.
std::optional<std::chrono::sys_seconds> parse_release_date(std::string_view text);

/// "2026-07-11 10:16 UTC"
std::string show_time(std::chrono::sys_seconds time);
/// "the clock of this machine says 2026-07-11 10:16 UTC"
std::string show_as_of(const AsOf& as_of);

}  // namespace bpfmatrix
