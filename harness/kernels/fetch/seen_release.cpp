#include "kernels/fetch/seen_release.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/file.h"
#include "base/json_fields.h"
#include "base/sha256.h"
#include "kernels/fetch/deb_relation.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxBytes = 64 << 10;
constexpr std::int64_t kYear9999 = 253'402'300'799;
constexpr auto kSeenTimeout = std::chrono::minutes(1);

/// releases/SUITE-HASH.json
struct SeenRelease {
  std::string origin{};
  std::string suite{};
  std::string snapshot{};
  std::string codename{};
  std::string version{};
  std::int64_t date = 0;
  std::string mirror{};
};
void fields(auto& field, Of<SeenRelease> auto& r) {
  field.constant("schema", 1, "version of this format");
  field("origin", r.origin, "whose archive");
  field("suite", r.suite, "as it was requested");
  field("snapshot", r.snapshot, "of which time; empty: today's");
  field("codename", r.codename, "of the newest Release file that was seen");
  field("version", r.version, "its version; empty: it has none");
  field("date", within<0, kYear9999>(r.date), "its Date, in seconds since 1970");
  field("mirror", r.mirror, "where it was seen");
}

/// Oldest first. Every release has its name long before it is one.
constexpr std::array<std::string_view, 20> kCodenames{
    "buzz",   "rex",      "bo",       "hamm",    "slink",  "potato", "woody",
    "sarge",  "etch",     "lenny",    "squeeze", "wheezy", "jessie", "stretch",
    "buster", "bullseye", "bookworm", "trixie",  "forky",  "duke"};

/// "trixie-backports" is of trixie. Nothing: a name that is not known.
std::optional<std::ptrdiff_t> age_rank(std::string_view codename) {
  const std::string_view name = codename.substr(0, codename.find('-'));
  const auto* found = std::find(kCodenames.begin(), kCodenames.end(), name);
  if (found == kCodenames.end()) return std::nullopt;
  return found - kCodenames.begin();
}

bool goes_back(const SeenRelease& seen, const ReleaseFile& release) {
  if (seen.codename != release.codename) {
    const auto before = age_rank(seen.codename);
    const auto after = age_rank(release.codename);
    if (before && after) return *after < *before;
  }
  return !seen.version.empty() && !release.version.empty() &&
         compare_deb_versions(release.version, seen.version) < 0;
}

std::string named(const std::string& codename, const std::string& version) {
  return version.empty() ? fmt::format("'{}'", codename)
                         : fmt::format("'{}' ({})", codename, version);
}

std::chrono::sys_seconds date_of(const SeenRelease& seen) {
  return std::chrono::sys_seconds(std::chrono::seconds(seen.date));
}

/// What of `release` is older than what was seen.
std::optional<std::string> step_back(const SeenRelease& seen, const ReleaseFile& release) {
  if (goes_back(seen, release)) {
    return fmt::format("suite '{}' went back from {}, which was seen at {}, to {}", seen.suite,
                       named(seen.codename, seen.version), seen.mirror,
                       named(release.codename, release.version));
  }
  if (release.date < date_of(seen)) {
    return fmt::format("dated {}, older than the one of {} that was seen at {}",
                       show_time(release.date), show_time(date_of(seen)), seen.mirror);
  }
  return std::nullopt;
}

Result<std::optional<SeenRelease>> read_seen(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(path, ignored))) return std::optional<SeenRelease>();
  const Result<std::string> text = read_file(path, kMaxBytes);
  if (!text) return text.error();
  Result<SeenRelease> seen = from_json_text<SeenRelease>(*text, path.string());
  if (seen) return std::optional(*std::move(seen));
  return Error{seen.error().message,
               "the newest Release file that was seen is noted there; remove it to start anew"};
}

}  // namespace

Result<std::optional<std::string>> remember_release(const Store& store, const ReleaseSource& source,
                                                    const ReleaseFile& release, bool allow_older) {
  const std::string name = fmt::format(
      "{}-{}", source.suite, sha256_hex(release.origin + "\n" + source.snapshot).substr(0, 16));
  const Result<StoreLock> lock = store.lock("release-" + name, kSeenTimeout, {});
  if (!lock) return lock.error();
  const fs::path path = store.root() / "releases" / (name + ".json");
  const Result<std::optional<SeenRelease>> seen = read_seen(path);
  if (!seen) return seen.error();
  if (*seen) {
    const std::optional<std::string> problem = step_back(**seen, release);
    if (problem && allow_older) return problem;
    if (problem) {
      return Error{fmt::format("'{}': {}", source.url, *problem),
                   "the mirror is behind, or replays an old state: try another with --mirror URL, "
                   "or take it as it is with --allow-older, which the kernel's record then says"};
    }
    if (release.date == date_of(**seen)) return std::optional<std::string>();
  }
  const SeenRelease now{release.origin,   source.suite,    source.snapshot,
                        release.codename, release.version, release.date.time_since_epoch().count(),
                        source.mirror};
  if (Result<> kept = write_file(path, json_text(to_json_tree(now), 2) + "\n"); !kept) {
    return kept.error();
  }
  return std::optional<std::string>();
}

}  // namespace bpfmatrix
