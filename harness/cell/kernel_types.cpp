#include "cell/kernel_types.h"

#include <fmt/format.h>

#include "base/file.h"
#include "cell/module_btf.h"
#include "images/modules.h"
#include "kernels/image/kernel_image.h"

namespace bpfmatrix {

namespace {

Result<std::vector<ModuleTypes>> read_modules(const std::shared_ptr<const Btf>& kernel,
                                              const std::filesystem::path& folder) {
  const Result<ModuleSet> set = collect_modules(folder, wanted_modules());
  if (!set) return set.error();
  std::vector<ModuleTypes> all;
  for (const Module& module : set->modules) {
    Result<std::string> bytes = module_btf(module);
    if (!bytes) continue;
    Result<Btf> types = Btf::parse_split(kernel, *std::move(bytes));
    if (!types) continue;
    all.push_back({module.name, std::make_shared<const Btf>(*std::move(types))});
  }
  return all;
}

}  // namespace

Result<std::shared_ptr<const Btf>> KernelTypes::read(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  return read_once(file);
}

Result<std::shared_ptr<const Btf>> KernelTypes::read_once(const std::filesystem::path& file) {
  if (types_ && file_ == file) return types_;
  Result<std::string> bytes = read_file(file, kMaxKernelBtfBytes);
  if (!bytes) return std::move(bytes).error();
  Result<Btf> btf = Btf::parse(*std::move(bytes));
  if (!btf) return wrap(fmt::format("'{}'", file.string()), std::move(btf).error());
  file_ = file;
  types_ = std::make_shared<const Btf>(*std::move(btf));
  modules_.reset();
  return types_;
}

Result<std::vector<ModuleTypes>> KernelTypes::modules(const std::filesystem::path& file,
                                                      const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  const Result<std::shared_ptr<const Btf>> kernel = read_once(file);
  if (!kernel) return kernel.error();
  if (modules_ && folder_ == folder) return *modules_;
  Result<std::vector<ModuleTypes>> all = read_modules(*kernel, folder);
  if (!all) return all;
  folder_ = folder;
  modules_ = *std::move(all);
  return *modules_;
}

void KernelTypes::forget() {
  const std::lock_guard lock(mutex_);
  types_.reset();
  modules_.reset();
}

}  // namespace bpfmatrix
