#include "kernels/find/added_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "kernels/kernel_record.h"
#include "kernels/kernels.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr auto kLockTimeout = std::chrono::minutes(1);

Error name_taken(const std::string& id) {
  return Error{fmt::format("kernel '{}': the name is already used", id),
               fmt::format("run 'bpfmatrix kernels rm {}', or choose another name", id)};
}

}  // namespace

Catalog with_added_kernels(Catalog catalog, const Store& store) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& link : fs::directory_iterator(store.root() / "kernels", ignored)) {
    names.insert(link.path().filename().string());
  }
  for (const std::string& name : names) {
    if (contains(catalog, name)) continue;
    const Result<Kernel> kernel = find_kernel(store, name);
    if (kernel && kernel->origin.kind == "local") {
      catalog.entries.push_back({name, kernel->arch, LocalSource{}});
    }
  }
  return catalog;
}

Result<> check_new_name(const std::string& id, const Catalog& catalog, const Store& store) {
  if (!is_valid_id(id)) {
    return Error{fmt::format("kernel '{}': no valid name", id),
                 "allowed: 1 to 128 of A-Z a-z 0-9 . _ + -, not starting with '.' or '-'"};
  }
  const bool taken = store.resolve(store.kernel_link(id)).has_value();
  const bool known = std::any_of(
      catalog.entries.begin(), catalog.entries.end(),
      [&](const auto& e) { return e.id == id && !std::holds_alternative<LocalSource>(e.source); });
  if (known)
    return Error{fmt::format("kernel '{}': the catalog uses this name", id), "choose another"};
  if (taken) return name_taken(id);
  return {};
}

Result<Kernel> add_kernel(const Kernel& kernel, TempDir tree, const Store& store) {
  const auto named = [&](Error error) {
    return wrap(fmt::format("kernel '{}'", kernel.id), std::move(error));
  };
  Result<StoreLock> lock = store.lock("kernel-" + kernel.id, kLockTimeout, [] {});
  if (!lock) return named(std::move(lock).error());
  if (store.resolve(store.kernel_link(kernel.id))) return name_taken(kernel.id);
  if (Result<> written = write_kernel_record(kernel, tree.path()); !written) {
    return named(std::move(written).error());
  }
  Result<fs::path> installed = store.install(std::move(tree), store.kernel_link(kernel.id));
  if (!installed) return named(std::move(installed).error());
  return find_kernel(store, kernel.id);
}

}  // namespace bpfmatrix
