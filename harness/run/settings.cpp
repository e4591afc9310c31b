#include "run/settings.h"

#include <algorithm>
#include <thread>

#include "base/data_dir.h"
#include "kernels/mirror.h"

namespace bpfmatrix {

Result<RunSettings> default_settings(const std::string& mirror) {
  RunSettings settings;
  Result<std::filesystem::path> headers = find_data("cases/include");
  if (!headers) return std::move(headers).error();
  settings.case_headers = *std::move(headers);
  Result<std::filesystem::path> store = Store::default_root();
  if (!store) return std::move(store).error();
  settings.fetch.store = Store(*std::move(store));
  Result<std::string> chosen = choose_mirror(mirror_config(mirror));
  if (!chosen) return std::move(chosen).error();
  settings.fetch.mirror = *std::move(chosen);
  Result<ArchiveMirrors> archives = choose_archive_mirrors(archive_mirror_config());
  if (!archives) return std::move(archives).error();
  settings.fetch.archives = *std::move(archives);
  Result<std::filesystem::path> keys = find_data("kernels/keys");
  if (!keys) return std::move(keys).error();
  settings.fetch.rpm_keys = *std::move(keys);
  settings.jobs = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return settings;
}

}  // namespace bpfmatrix
