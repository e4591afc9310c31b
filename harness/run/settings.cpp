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
  settings.jobs = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return settings;
}

}  // namespace bpfmatrix
