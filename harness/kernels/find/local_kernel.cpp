#include "kernels/find/local_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/file.h"
#include "base/sha256.h"
#include "kernels/kernel_files.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

std::optional<fs::path> first_file(std::initializer_list<fs::path> candidates) {
  std::error_code ignored;
  for (const fs::path& path : candidates) {
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return std::nullopt;
}

std::optional<fs::path> find_modules(const fs::path& folder, const std::string& release) {
  std::error_code ignored;
  for (const fs::path& path : {folder / "lib" / "modules" / release, folder / "modules",
                               folder.parent_path() / "lib" / "modules" / release}) {
    if (fs::is_directory(path, ignored)) return path;
  }
  if (fs::is_regular_file(folder / "modules.builtin", ignored)) return folder;
  return std::nullopt;
}

/// The file's name without what an id must not hold, at most 80 characters.
std::string id_part(const fs::path& path) {
  std::string name = path.filename().string().substr(0, 80);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_valid_id(std::string("x") + c); }, '_');
  return name;
}

Result<Kernel> describe_local(const fs::path& path, const Store& store) {
  Result<KernelImage> image = read_kernel_image(path, store.root() / "tmp");
  if (!image) return std::move(image).error();
  Result<std::string> sha256 = sha256_file(path);
  if (!sha256) return std::move(sha256).error();
  const fs::path folder = path.parent_path();
  Kernel kernel;
  kernel.id = fmt::format("local-{}-{}", id_part(path), sha256->substr(0, 12));
  kernel.release = image->release;
  kernel.arch = image->arch;
  kernel.image = path;
  kernel.image_sha256 = *sha256;
  kernel.config =
      first_file({folder / ("config-" + kernel.release), folder / "config", folder / ".config"});
  if (!kernel.config && !image->config.empty()) {
    kernel.config = store.blob(sha256_hex(image->config));
    if (Result<> kept = write_file(*kernel.config, image->config); !kept) {
      return std::move(kept).error();
    }
  }
  kernel.system_map =
      first_file({folder / ("System.map-" + kernel.release), folder / "System.map"});
  if (kernel.system_map && !is_real_system_map(*kernel.system_map)) kernel.system_map.reset();
  kernel.modules = find_modules(folder, kernel.release);
  kernel.origin = Origin{.kind = "local", .sha256 = *sha256};
  if (!btf_agrees_with_config(image->btf, kernel.config)) {
    return Error{fmt::format("'{}' says CONFIG_DEBUG_INFO_BTF=y, but no BTF was found in the image",
                             kernel.config->string()),
                 "is that this kernel's config?"};
  }
  if (image->btf.empty()) return kernel;
  const std::string btf_sha256 = sha256_hex(image->btf);
  kernel.btf = KernelBtf{store.blob(btf_sha256), image->btf.size(), btf_sha256};
  if (Result<> written = write_file(kernel.btf->file, image->btf); !written) {
    return std::move(written).error();
  }
  return kernel;
}

}  // namespace

Result<Kernel> local_kernel(const fs::path& given, const Store& store) {
  const auto named = [&given](Error error) {
    return wrap(fmt::format("kernel '{}'", given.string()), std::move(error));
  };
  if (Result<> ready = store.prepare(); !ready) return named(std::move(ready).error());
  std::error_code error;
  const fs::path path = fs::absolute(given, error).lexically_normal();
  Result<Kernel> kernel = describe_local(path, store);
  if (!kernel) return named(std::move(kernel).error());
  return kernel;
}

}  // namespace bpfmatrix
