#include "run/settings.h"

#include <algorithm>
#include <sstream>

#include "base/data_dir.h"
#include "base/file.h"
#include "base/parallel.h"
#include "kernels/catalog.h"
#include "kernels/fetch/mirror.h"
#include "vm/qemu_args.h"

namespace bpfmatrix {

namespace {

/// Of memory that is free now, what is not given to VMs.
constexpr int kLeftToTheHostMib = 512;
/// QEMU's own, and that of the one that is started ahead of the next cell.
constexpr int kQemuMib = 150;

}  // namespace

int vm_memory_mib(int guest_mib) { return guest_mib + kQemuMib; }

std::optional<std::int64_t> memory_for_vms_mib(std::string_view meminfo) {
  std::istringstream words{std::string(meminfo)};
  for (std::string word; words >> word;) {
    std::int64_t kib = 0;
    if (word != "MemAvailable:" || !(words >> kib)) continue;
    return std::max<std::int64_t>(kib / 1024 - kLeftToTheHostMib, 0);
  }
  return std::nullopt;
}

int jobs_within(int cores, std::optional<std::int64_t> memory_mib, int guest_mib) {
  if (!memory_mib) return cores;
  const std::int64_t fit = *memory_mib / vm_memory_mib(guest_mib);
  return static_cast<int>(std::clamp<std::int64_t>(fit, 1, cores));
}

Result<RunSettings> default_settings(const std::string& mirror) {
  RunSettings settings;
  Result<std::filesystem::path> headers = find_data("cases/include");
  if (!headers) return std::move(headers).error();
  settings.case_headers = *std::move(headers);
  Result<Store> store = Store::open("");
  if (!store) return std::move(store).error();
  settings.fetch.store = *std::move(store);
  Result<std::string> chosen = choose_mirror(mirror_config(mirror));
  if (!chosen) return std::move(chosen).error();
  settings.fetch.mirror = *std::move(chosen);
  Result<ArchiveMirrors> archives = choose_archive_mirrors(archive_mirror_config());
  if (!archives) return std::move(archives).error();
  settings.fetch.archives = *std::move(archives);
  Result<std::filesystem::path> keys = find_data("kernels/keys");
  if (!keys) return std::move(keys).error();
  settings.fetch.rpm_keys = *std::move(keys);
  const Result<std::filesystem::path> catalog_file = find_data("kernels/catalog.json");
  if (!catalog_file) return catalog_file.error();
  const Result<Catalog> catalog = load_catalog(*catalog_file);
  if (!catalog) return catalog.error();
  for (const auto& [suite, source] : signed_suites(*catalog))
    settings.fetch.suites.emplace(suite, SuiteKeys{source.keyring, source.keys});
  const Result<std::string> meminfo = read_file("/proc/meminfo", 1 << 20);
  settings.jobs =
      jobs_within(cores_here(), memory_for_vms_mib(meminfo ? *meminfo : ""), VmSpec().memory_mib);
  return settings;
}

}  // namespace bpfmatrix
