#include "images/initramfs.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "images/cpio.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxToolBytes = 64 << 20;

Result<CpioEntry> executable(std::string path, const std::filesystem::path& file) {
  Result<std::string> bytes = read_file(file, kMaxToolBytes);
  if (!bytes) return std::move(bytes).error();
  return CpioEntry{std::move(path), CpioFile{*std::move(bytes)}, 0755};
}

void add_skeleton(std::vector<CpioEntry>& entries) {
  for (const char* folder : {"dev", "proc", "run", "sys"}) {
    entries.push_back({folder, CpioDirectory{}});
  }
  entries.push_back({"tmp", CpioDirectory{}, 01777});
  // The kernel opens it for init's standard streams before anything is mounted.
  entries.push_back({"dev/console", CpioCharDevice{5, 1}, 0600});
}

void add_modules(std::vector<CpioEntry>& entries, const ModuleSet& set) {
  std::string order;
  int number = 0;
  for (const Module& module : set.modules) {
    const std::string file = fmt::format("{:02}-{}.ko", number++, module.name);
    order += fmt::format("{} {}\n", to_string(module.use), file);
    entries.push_back({"bpfmatrix/modules/" + file, CpioFile{module.bytes}, 0644});
  }
  entries.push_back({"bpfmatrix/modules/order", CpioFile{std::move(order)}, 0644});
}

/// A release that is no file's name has none.
void add_config(std::vector<CpioEntry>& entries, const InstalledConfig& config) {
  if (config.release.empty() || config.release.find('/') != std::string::npos) return;
  entries.push_back({"boot/config-" + config.release, CpioFile{config.text}, 0644});
}

}  // namespace

Result<std::string> build_initramfs(const GuestTools& tools, const ModuleSet& modules,
                                    const std::optional<InstalledConfig>& config) {
  std::vector<CpioEntry> entries;
  add_skeleton(entries);
  Result<CpioEntry> init = executable("init", tools.agent);
  if (!init) return wrap("guest agent", std::move(init).error());
  entries.push_back(*std::move(init));
  for (const LoaderFile& loader : tools.loaders) {
    Result<CpioEntry> entry = executable("bpfmatrix/loaders/" + loader.name, loader.file);
    if (!entry) {
      return wrap(fmt::format("loader '{}'", loader.name), std::move(entry).error());
    }
    entries.push_back(*std::move(entry));
  }
  add_modules(entries, modules);
  if (config) add_config(entries, *config);
  return cpio_newc(entries);
}

}  // namespace bpfmatrix
