#include "kernels/fetch/apt_mirror.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "base/child_process.h"
#include "base/file.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kTimePerQuestion{60};
constexpr std::size_t kMaxAnswerBytes = 1 << 20;
constexpr std::uint64_t kMaxListBytes = 1 << 20;

bool is_debian_suite(std::string_view suite) {
  for (const std::string_view ending :
       {"-updates", "-backports", "-backports-sloppy", "-proposed-updates"}) {
    if (suite.ends_with(ending)) suite.remove_suffix(ending.size());
  }
  constexpr std::array<std::string_view, 14> kSuites{
      "stable",   "oldstable", "oldoldstable", "testing", "unstable", "sid",    "experimental",
      "bullseye", "bookworm",  "trixie",       "forky",   "duke",     "buster", "rc-buggy"};
  return std::find(kSuites.begin(), kSuites.end(), suite) != kSuites.end();
}

/// apt's "file:/x" and "file:///x" are "/x".
std::string_view file_path(std::string_view rest) {
  while (rest.starts_with("//")) rest.remove_prefix(1);
  return rest;
}

/// As libcurl takes it, which knows "file:///x" only; nothing for what is apt's alone: "cdrom:",
/// "tor+http:", "mirror+http:" and so on.
std::optional<std::string> plain_uri(std::string_view uri) {
  while (uri.ends_with('/')) uri.remove_suffix(1);
  if (uri.starts_with("http://") || uri.starts_with("https://")) return std::string(uri);
  if (uri.starts_with("file:/")) return "file://" + std::string(file_path(uri.substr(5)));
  return std::nullopt;
}

/// Debian's images for clouds have their mirrors in such a list (apt-transport-mirror(1)): a URI a
/// line, the nearest first, with options behind it.
std::optional<std::string> first_of_mirror_list(const fs::path& list) {
  const Result<std::string> text = read_file(list, kMaxListBytes);
  if (!text) return std::nullopt;
  for (const std::string_view line : split(*text, '\n')) {
    const auto columns = words(line.substr(0, line.find('#')));
    if (columns.empty()) continue;
    if (auto uri = plain_uri(columns[0])) return uri;
  }
  return std::nullopt;
}

std::optional<std::string> usable_uri(std::string_view uri) {
  constexpr std::string_view kMirrorList = "mirror+file:";
  if (!uri.starts_with(kMirrorList)) return plain_uri(uri);
  uri.remove_prefix(kMirrorList.size());
  while (uri.ends_with('/')) uri.remove_suffix(1);
  return first_of_mirror_list(file_path(uri));
}

/// What the answer to a question about package indexes has; `restriction` is one of apt's options.
Result<std::optional<std::string>> ask(const fs::path& apt_get, const char* restriction) {
  const Command question{.argv = {apt_get.string(), "indextargets", "--format",
                                  "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages",
                                  restriction}};
  const Result<CommandOutput> answer = run_command(question, kTimePerQuestion, kMaxAnswerBytes);
  if (!answer) return answer.error();
  if (!answer->status.success()) {
    return Error{fmt::format("'apt-get indextargets': {}: {}", to_string(answer->status),
                             trim(answer->err))};
  }
  return debian_mirror_in(answer->out);
}

}  // namespace

std::optional<std::string> debian_mirror_in(std::string_view targets) {
  for (const std::string_view line : split(targets, '\n')) {
    const auto columns = words(line);
    if (columns.size() != 3 || columns[1] != "main" || !is_debian_suite(columns[0])) continue;
    if (auto uri = usable_uri(columns[2])) return uri;
  }
  return std::nullopt;
}

Result<std::string> apt_mirror(const fs::path& apt_get) {
  // The origin is in what an `apt-get update` brings. Where there was none yet, names decide:
  // somebody else's archive may have a suite of the same name.
  for (const char* restriction : {"Origin: Debian", "--no-release-info"}) {
    Result<std::optional<std::string>> mirror = ask(apt_get, restriction);
    if (!mirror) return std::move(mirror).error();
    if (*mirror) return **std::move(mirror);
  }
  return Error{"apt on this machine has no mirror of Debian's archive"};
}

}  // namespace bpfmatrix
