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
constexpr const char* kKernelTarballs = "https://cdn.kernel.org/pub/linux/kernel";

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

struct ConfigFile {
  std::optional<std::string> mirror{};
  std::optional<std::string> kernel_mirror{};
};

Result<ConfigFile> read_config_file(const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || !fs::exists(path, ignored)) return ConfigFile{};
  Result<std::string> text = read_file(path, kMaxConfigBytes);
  if (!text) return std::move(text).error();
  Result<Json> json = parse_json(*text, path.string());
  if (!json) return std::move(json).error();
  ObjectReader reader(*json, path.string());
  ConfigFile file;
  file.mirror = reader.optional_string("mirror");
  file.kernel_mirror = reader.optional_string("kernel_mirror");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return file;
}

Result<std::string> checked(std::string url, std::string_view source) {
  while (url.ends_with('/')) url.pop_back();
  for (const std::string_view scheme : {"http://", "https://", "file:///"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size()) return url;
  }
  return Error{fmt::format("mirror '{}' ({}): not an http, https or file URL", url, source)};
}

MirrorConfig configured(std::string option, const char* variable) {
  MirrorConfig config;
  config.option = std::move(option);
  config.environment = environment(variable);
  const std::string xdg = environment("XDG_CONFIG_HOME");
  const std::string home = environment("HOME");
  if (xdg.starts_with('/')) {
    config.config_file = fs::path(xdg) / "bpfmatrix" / "config.json";
  } else if (home.starts_with('/')) {
    config.config_file = fs::path(home) / ".config" / "bpfmatrix" / "config.json";
  }
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
  if (!config.option.empty()) return checked(config.option, "--mirror");
  if (!config.environment.empty()) return checked(config.environment, "BPFMATRIX_MIRROR");
  Result<ConfigFile> file = read_config_file(config.config_file);
  if (!file) return std::move(file).error();
  if (file->mirror) return checked(*file->mirror, config.config_file.string());
  if (auto apt = apt_mirror(config.etc_apt)) return checked(*apt, "apt");
  return Error{"no Debian mirror is configured",
               "give one with --mirror URL or BPFMATRIX_MIRROR; apt on this machine has none"};
}

Result<std::string> choose_kernel_mirror(const MirrorConfig& config) {
  if (!config.option.empty()) return checked(config.option, "--kernel-mirror");
  if (!config.environment.empty()) return checked(config.environment, "BPFMATRIX_KERNEL_MIRROR");
  Result<ConfigFile> file = read_config_file(config.config_file);
  if (!file) return std::move(file).error();
  if (file->kernel_mirror) return checked(*file->kernel_mirror, config.config_file.string());
  return std::string(kKernelTarballs);
}

}  // namespace bpfmatrix
