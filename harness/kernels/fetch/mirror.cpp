#include "kernels/fetch/mirror.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "kernels/fetch/apt_mirror.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxAptConfigBytes = 1 << 20;
constexpr const char* kKernelTarballs = "https://cdn.kernel.org/pub/linux/kernel";

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

struct ConfigFile {
  std::optional<std::string> mirror{};
  std::optional<std::string> kernel_mirror{};
  std::optional<std::string> snapshot_mirror{};
  std::map<std::string, std::string> rpm_mirrors{};
};

Result<std::map<std::string, std::string>> read_rpm_mirrors(const Json& json,
                                                            const std::string& where) {
  std::map<std::string, std::string> mirrors;
  for (const auto& [name, url] : json.items()) {
    if (!url.is_string()) return Error{fmt::format("'{}': key '{}': not a text", where, name)};
    mirrors[name] = url.get<std::string>();
  }
  return mirrors;
}

Result<ConfigFile> read_config_file(const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || !fs::exists(path, ignored)) return ConfigFile{};
  Result<std::string> text = read_file(path, kMaxAptConfigBytes);
  if (!text) return std::move(text).error();
  Result<Json> json = parse_json(*text, path.string());
  if (!json) return std::move(json).error();
  ObjectReader reader(*json, path.string());
  ConfigFile file;
  file.mirror = reader.optional_string("mirror");
  file.kernel_mirror = reader.optional_string("kernel_mirror");
  file.snapshot_mirror = reader.optional_string("snapshot_mirror");
  const Json* rpm = reader.object("rpm_mirrors");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  if (rpm == nullptr) return file;
  auto mirrors = read_rpm_mirrors(*rpm, reader.where("rpm_mirrors"));
  if (!mirrors) return std::move(mirrors).error();
  file.rpm_mirrors = *std::move(mirrors);
  return file;
}

Result<std::string> checked_url(std::string url, std::string_view source) {
  while (url.ends_with('/')) url.pop_back();
  for (const std::string_view scheme : {"http://", "https://", "file:///"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size()) return url;
  }
  return Error{fmt::format("mirror '{}' ({}): not an http, https or file URL", url, source)};
}

fs::path default_config_file() {
  const std::string xdg = environment("XDG_CONFIG_HOME");
  const std::string home = environment("HOME");
  if (xdg.starts_with('/')) return fs::path(xdg) / "bpfmatrix" / "config.json";
  if (home.starts_with('/')) return fs::path(home) / ".config" / "bpfmatrix" / "config.json";
  return {};
}

/// NAME=URL of an option or of the environment.
Result<> add_rpm_mirror(std::string_view text, std::string_view source,
                        std::map<std::string, std::string>& mirrors) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error{fmt::format("{} '{}': wanted NAME=URL", source, text)};
  }
  Result<std::string> url = checked_url(std::string(text.substr(equals + 1)), source);
  if (!url) return std::move(url).error();
  mirrors[std::string(text.substr(0, equals))] = *std::move(url);
  return {};
}

Result<std::string> choose_snapshots(const ArchiveMirrorConfig& config, const ConfigFile& file) {
  if (!config.snapshots.empty()) return checked_url(config.snapshots, "--snapshot-mirror");
  if (!config.snapshots_environment.empty()) {
    return checked_url(config.snapshots_environment, "BPFMATRIX_SNAPSHOT_MIRROR");
  }
  if (file.snapshot_mirror) return checked_url(*file.snapshot_mirror, config.config_file.string());
  return std::string();
}

/// What is added later wins.
Result<std::map<std::string, std::string>> choose_rpm(const ArchiveMirrorConfig& config,
                                                      const ConfigFile& file) {
  std::map<std::string, std::string> mirrors;
  for (const auto& [name, url] : file.rpm_mirrors) {
    Result<std::string> good = checked_url(url, config.config_file.string());
    if (!good) return std::move(good).error();
    mirrors[name] = *std::move(good);
  }
  for (const std::string_view word : words(config.rpm_environment)) {
    if (Result<> added = add_rpm_mirror(word, "BPFMATRIX_RPM_MIRROR", mirrors); !added) {
      return std::move(added).error();
    }
  }
  for (const std::string& option : config.rpm) {
    if (Result<> added = add_rpm_mirror(option, "--rpm-mirror", mirrors); !added) {
      return std::move(added).error();
    }
  }
  return mirrors;
}

MirrorConfig configured(std::string option, const char* variable) {
  MirrorConfig config;
  config.option = std::move(option);
  config.environment = environment(variable);
  config.config_file = default_config_file();
  return config;
}

}  // namespace

MirrorConfig mirror_config(std::string option) {
  return configured(std::move(option), "BPFMATRIX_MIRROR");
}

MirrorConfig kernel_mirror_config(std::string option) {
  return configured(std::move(option), "BPFMATRIX_KERNEL_MIRROR");
}

Result<std::string> choose_mirror(const MirrorConfig& config) {
  if (!config.option.empty()) return checked_url(config.option, "--mirror");
  if (!config.environment.empty()) return checked_url(config.environment, "BPFMATRIX_MIRROR");
  Result<ConfigFile> file = read_config_file(config.config_file);
  if (!file) return std::move(file).error();
  if (file->mirror) return checked_url(*file->mirror, config.config_file.string());
  const Result<std::string> apt = apt_mirror(config.apt_get);
  if (apt) return checked_url(*apt, "apt");
  const fs::path file_name = config.config_file.empty() ? "config.json" : config.config_file;
  return Error{fmt::format("no Debian mirror is configured: {}", apt.error().message),
               fmt::format("give one with --mirror URL, BPFMATRIX_MIRROR, or \"mirror\" in '{}'",
                           file_name.string())};
}

Result<std::string> choose_kernel_mirror(const MirrorConfig& config) {
  if (!config.option.empty()) return checked_url(config.option, "--kernel-mirror");
  if (!config.environment.empty())
    return checked_url(config.environment, "BPFMATRIX_KERNEL_MIRROR");
  Result<ConfigFile> file = read_config_file(config.config_file);
  if (!file) return std::move(file).error();
  if (file->kernel_mirror) return checked_url(*file->kernel_mirror, config.config_file.string());
  return std::string(kKernelTarballs);
}

ArchiveMirrorConfig archive_mirror_config(std::string snapshots, std::vector<std::string> rpm) {
  return {.snapshots = std::move(snapshots),
          .rpm = std::move(rpm),
          .snapshots_environment = environment("BPFMATRIX_SNAPSHOT_MIRROR"),
          .rpm_environment = environment("BPFMATRIX_RPM_MIRROR"),
          .config_file = default_config_file()};
}

Result<ArchiveMirrors> choose_archive_mirrors(const ArchiveMirrorConfig& config) {
  const Result<ConfigFile> file = read_config_file(config.config_file);
  if (!file) return file.error();
  Result<std::string> snapshots = choose_snapshots(config, *file);
  if (!snapshots) return std::move(snapshots).error();
  auto rpm = choose_rpm(config, *file);
  if (!rpm) return std::move(rpm).error();
  return ArchiveMirrors{*std::move(snapshots), *std::move(rpm)};
}

}  // namespace bpfmatrix
