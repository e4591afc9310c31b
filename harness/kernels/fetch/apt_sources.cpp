#include "kernels/fetch/apt_sources.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/file.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxSourcesBytes = 1 << 20;

std::vector<std::string> to_strings(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view without_comment(std::string_view line) { return line.substr(0, line.find('#')); }

/// "[ arch=amd64 signed-by=/x.gpg ]" in front of the URI; gives the rest of the line.
std::string_view take_options(std::string_view line, AptSource& source) {
  line = trim(line);
  const auto close = line.starts_with('[') ? line.find(']') : std::string_view::npos;
  if (close == std::string_view::npos) return line;
  for (const std::string_view option : words(line.substr(1, close - 1))) {
    const auto equals = option.find('=');
    if (equals != std::string_view::npos && lower(option.substr(0, equals)) == "signed-by") {
      source.signed_by = option.substr(equals + 1);
    }
  }
  return line.substr(close + 1);
}

using Stanza = std::map<std::string, std::string>;

std::vector<Stanza> read_stanzas(std::string_view text) {
  std::vector<Stanza> stanzas(1);
  std::string* last = nullptr;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with('#')) continue;
    if (trim(line).empty()) {
      if (!stanzas.back().empty()) stanzas.emplace_back();
      last = nullptr;
    } else if (line[0] == ' ' || line[0] == '\t') {
      if (last != nullptr) last->append("\n").append(line);
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      last = &stanzas.back()[lower(line.substr(0, colon))];
      *last = trim(line.substr(colon + 1));
    }
  }
  return stanzas;
}

bool is_off(const Stanza& stanza) {
  const auto enabled = stanza.find("enabled");
  if (enabled == stanza.end()) return false;
  const std::string value = lower(enabled->second);
  return value == "no" || value == "false" || value == "0" || value == "off" ||
         value == "without" || value == "disable";
}

bool is_debian_suite(std::string_view suite) {
  while (suite.ends_with('/')) suite.remove_suffix(1);
  for (const std::string_view ending :
       {"-updates", "-backports", "-backports-sloppy", "-proposed-updates"}) {
    if (suite.ends_with(ending)) suite.remove_suffix(ending.size());
  }
  constexpr std::array<std::string_view, 14> kSuites{
      "stable",   "oldstable", "oldoldstable", "testing", "unstable", "sid",    "experimental",
      "bullseye", "bookworm",  "trixie",       "forky",   "duke",     "buster", "rc-buggy"};
  return std::find(kSuites.begin(), kSuites.end(), suite) != kSuites.end();
}

/// file:/x, file:///x and http(s) are for libcurl, which knows the second form of the first only.
std::optional<std::string> usable_uri(std::string_view uri, int depth);

std::optional<std::string> first_of_mirror_list(const fs::path& list, int depth) {
  const Result<std::string> text = read_file(list, kMaxSourcesBytes);
  if (!text || depth > 0) return std::nullopt;
  for (const std::string_view line : split(*text, '\n')) {
    const auto columns = words(without_comment(line));
    if (columns.empty()) continue;
    if (auto uri = usable_uri(columns[0], depth + 1)) return uri;
  }
  return std::nullopt;
}

std::string_view file_path(std::string_view rest) {
  while (rest.starts_with("//")) rest.remove_prefix(1);
  return rest;
}

std::optional<std::string> usable_uri(std::string_view uri, int depth) {
  while (uri.ends_with('/')) uri.remove_suffix(1);
  if (uri.starts_with("http://") || uri.starts_with("https://")) return std::string(uri);
  if (uri.starts_with("file:/")) return "file://" + std::string(file_path(uri.substr(5)));
  if (uri.starts_with("mirror+file:/")) {
    return first_of_mirror_list(file_path(uri.substr(12)), depth);
  }
  return std::nullopt;  // cdrom:, tor+http:, mirror+http: ... are apt's alone
}

std::vector<AptSource> read_sources(const fs::path& path) {
  const Result<std::string> text = read_file(path, kMaxSourcesBytes);
  if (!text) return {};
  return path.extension() == ".sources" ? parse_deb822_sources(*text) : parse_sources_list(*text);
}

std::vector<fs::path> source_files(const fs::path& etc_apt) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(etc_apt / "sources.list.d", ignored)) {
    const std::string extension = entry.path().extension();
    if (extension == ".list" || extension == ".sources") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  files.insert(files.begin(), etc_apt / "sources.list");
  return files;
}

}  // namespace

std::vector<AptSource> parse_sources_list(std::string_view text) {
  std::vector<AptSource> sources;
  for (const std::string_view raw : split(text, '\n')) {
    std::string_view line = trim(without_comment(raw));
    if (!line.starts_with("deb ") && !line.starts_with("deb\t")) continue;
    AptSource source;
    const auto columns = words(take_options(line.substr(3), source));
    if (columns.size() < 2) continue;
    source.uris = {std::string(columns[0])};
    source.suites = {std::string(columns[1])};
    source.components = to_strings({columns.begin() + 2, columns.end()});
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<AptSource> parse_deb822_sources(std::string_view text) {
  std::vector<AptSource> sources;
  for (Stanza& stanza : read_stanzas(text)) {
    const auto types = words(stanza["types"]);
    if (is_off(stanza) || std::find(types.begin(), types.end(), "deb") == types.end()) continue;
    sources.push_back(
        AptSource{to_strings(words(stanza["uris"])), to_strings(words(stanza["suites"])),
                  to_strings(words(stanza["components"])), std::string(trim(stanza["signed-by"]))});
  }
  return sources;
}

bool is_debian_archive(const AptSource& source) {
  const bool foreign_key = !source.signed_by.empty() &&
                           source.signed_by.find("debian-archive") == std::string::npos &&
                           source.signed_by.find("BEGIN PGP PUBLIC KEY") == std::string::npos;
  const bool main = std::find(source.components.begin(), source.components.end(), "main") !=
                    source.components.end();
  return !foreign_key && main &&
         std::any_of(source.suites.begin(), source.suites.end(),
                     [](const std::string& suite) { return is_debian_suite(suite); });
}

std::optional<std::string> apt_mirror(const fs::path& etc_apt) {
  for (const fs::path& file : source_files(etc_apt)) {
    for (const AptSource& source : read_sources(file)) {
      if (!is_debian_archive(source)) continue;
      for (const std::string& text : source.uris) {
        auto uri = usable_uri(text, 0);
        if (uri && uri->find("security") == std::string::npos) return uri;
      }
    }
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
