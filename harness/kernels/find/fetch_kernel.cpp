#include "kernels/find/fetch_kernel.h"

#include <fmt/format.h>

#include "kernels/build/source_kernel.h"
#include "kernels/fetch/deb_kernel.h"
#include "kernels/fetch/rpm_kernel.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

Result<Kernel> fetch_from(const CatalogEntry& entry, const FetchOptions& options) {
  struct {
    const CatalogEntry& entry;
    const FetchOptions& options;
    Result<Kernel> operator()(const DebSource& source) const {
      return fetch_deb_kernel(entry, source, options);
    }
    Result<Kernel> operator()(const RpmSource& source) const {
      return fetch_rpm_kernel(entry, source, options);
    }
    Result<Kernel> operator()(const BuildSource&) const {
      return Error{
          fmt::format("not built; 'bpfmatrix kernels build {}' takes minutes, once", entry.id)};
    }
    Result<Kernel> operator()(const LocalSource&) const {
      return Error{"was added by hand, and is no longer in the store"};
    }
  } provider{entry, options};
  return std::visit(provider, entry.source);
}

Result<Kernel> fetch_locked(const CatalogEntry& entry, const FetchOptions& options) {
  if (Result<> ready = options.store.prepare(); !ready) return std::move(ready).error();
  Result<StoreLock> lock = options.store.lock("kernel-" + entry.id, options.lock_timeout, [&] {
    options.say("waiting: another process is fetching it");
  });
  if (!lock) return std::move(lock).error();
  if (Result<Kernel> found = find_kernel(options.store, entry.id)) return found;
  return fetch_from(entry, options);
}

}  // namespace

Result<Kernel> fetch_kernel(const CatalogEntry& entry, const FetchOptions& options) {
  if (Result<Kernel> found = find_kernel(options.store, entry.id)) return found;
  Result<Kernel> kernel = fetch_locked(entry, options);
  if (!kernel) return of_kernel(entry.id, std::move(kernel).error());
  return kernel;
}

Result<> remove_kernel(const Store& store, const std::string& id) {
  Result<fs::path> tree = kernel_tree(store, id);
  if (!tree) return std::move(tree).error();
  if (Result<> removed = store.remove(store.kernel_link(id)); !removed) {
    return of_kernel(id, std::move(removed).error());
  }
  std::error_code ignored;
  fs::remove_all(build_folder(store, id), ignored);
  return {};
}

}  // namespace bpfmatrix
