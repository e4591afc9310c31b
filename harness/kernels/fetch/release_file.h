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

struct ReleaseIndex {
  std::uint64_t bytes = 0;
  std::string sha256{};
};

struct ReleaseFile {
  std::string suite{};
  std::string codename{};
  std::chrono::sys_seconds date{};
  /// Absent in suites that are no longer, or seldom, changed.
  std::optional<std::chrono::sys_seconds> valid_until{};
  bool by_hash = false;
  /// By path below dists/SUITE/: "main/binary-amd64/Packages.xz".
  std::map<std::string, ReleaseIndex> indexes{};
};

/// `source` names the text in errors. Error: a field is missing, twice or malformed.
Result<ReleaseFile> parse_release(std::string_view text, std::string_view source);

/// Is this the requested suite, and up to date? Error: another suite's file (a mirror may
/// replay one: its signature is good), past its Valid-Until, or dated more than a day ahead.
Result<> check_release(const ReleaseFile& release, std::string_view suite, std::string_view source,
                       std::chrono::sys_seconds now);

/// "Sat, 11 Jul 2026 10:16:37 UTC"; nothing if the text is not of that form.
std::optional<std::chrono::sys_seconds> parse_release_date(std::string_view text);

}  // namespace bpfmatrix
