#include "kernels/mirror.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "base/file.h"
#include "base/json.h"
#include "kernels/apt_sources.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxConfigBytes = 1 << 20;

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

Result<std::optional<std::string>> read_config_file(const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || !fs::exists(path, ignored)) return std::optional<std::string>();
  Result<std::string> text = read_file(path, kMaxConfigBytes);
  if (!text) return std::move(text).error();
  Result<Json> json = parse_json(*text, path.string());
  if (!json) return std::move(json).error();
  ObjectReader reader(*json, path.string());
  std::optional<std::string> mirror = reader.optional_string("mirror");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return mirror;
}

Result<std::string> checked(std::string url, std::string_view source) {
  while (url.ends_with('/')) url.pop_back();
  for (const std::string_view scheme : {"http://", "https://", "file:///"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size()) return url;
  }
  return Error{fmt::format("mirror '{}' ({}): not an http, https or file URL", url, source)};
}

}  // namespace

MirrorConfig mirror_config(std::string option) {
  MirrorConfig config;
  config.option = std::move(option);
  config.environment = environment("BPFMATRIX_MIRROR");
  const std::string xdg = environment("XDG_CONFIG_HOME");
  const std::string home = environment("HOME");
  if (xdg.starts_with('/')) {
    config.config_file = fs::path(xdg) / "bpfmatrix" / "config.json";
  } else if (home.starts_with('/')) {
    config.config_file = fs::path(home) / ".config" / "bpfmatrix" / "config.json";
  }
  return config;
}

Result<std::string> choose_mirror(const MirrorConfig& config) {
  if (!config.option.empty()) return checked(config.option, "--mirror");
  if (!config.environment.empty()) return checked(config.environment, "BPFMATRIX_MIRROR");
  Result<std::optional<std::string>> file = read_config_file(config.config_file);
  if (!file) return std::move(file).error();
  if (*file) return checked(**file, config.config_file.string());
  if (auto apt = apt_mirror(config.etc_apt)) return checked(*apt, "apt");
  return Error{"no Debian mirror is configured",
               "give one with --mirror URL or BPFMATRIX_MIRROR; apt on this machine has none"};
}

}  // namespace bpfmatrix
