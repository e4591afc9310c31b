#include "kernels/kernels.h"

#include <fmt/format.h>

#include "kernels/deb_kernel.h"
#include "kernels/kernel_record.h"
#include "kernels/rpm_kernel.h"
#include "kernels/source_kernel.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

Error named(const std::string& id, Error error) {
  return wrap(fmt::format("kernel '{}'", id), std::move(error));
}

Result<fs::path> kernel_tree(const Store& store, const std::string& id) {
  const auto tree = is_valid_id(id) ? store.resolve(store.kernel_link(id)) : std::nullopt;
  if (tree) return *tree;
  return named(id, Error{fmt::format("not in the store '{}'", store.root().string()),
                         fmt::format("run 'bpfmatrix kernels fetch {}'", id)});
}

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

Result<Kernel> find_kernel(const Store& store, const std::string& id) {
  Result<fs::path> tree = kernel_tree(store, id);
  if (!tree) return std::move(tree).error();
  Result<Kernel> kernel = read_kernel_record(*tree);
  std::error_code ignored;
  if (kernel && kernel->id == id && fs::is_regular_file(kernel->image, ignored)) return kernel;
  Error error = kernel ? Error{fmt::format("'{}': not a whole kernel of that name", tree->string())}
                       : std::move(kernel).error();
  error.hint = fmt::format("run 'bpfmatrix kernels rm {0}' and 'bpfmatrix kernels fetch {0}'", id);
  return named(id, std::move(error));
}

Result<Kernel> fetch_kernel(const CatalogEntry& entry, const FetchOptions& options) {
  if (Result<Kernel> found = find_kernel(options.store, entry.id)) return found;
  Result<Kernel> kernel = fetch_locked(entry, options);
  if (!kernel) return named(entry.id, std::move(kernel).error());
  return kernel;
}

Result<std::vector<VerifyFinding>> verify_kernel(const Store& store, const std::string& id) {
  Result<fs::path> tree = kernel_tree(store, id);
  if (!tree) return std::move(tree).error();
  Result<std::vector<VerifyFinding>> findings = store.verify(*tree);
  if (!findings) return named(id, std::move(findings).error());
  return findings;
}

Result<> remove_kernel(const Store& store, const std::string& id) {
  Result<fs::path> tree = kernel_tree(store, id);
  if (!tree) return std::move(tree).error();
  if (Result<> removed = store.remove(store.kernel_link(id)); !removed) {
    return named(id, std::move(removed).error());
  }
  std::error_code ignored;
  fs::remove_all(build_folder(store, id), ignored);
  return {};
}

}  // namespace bpfmatrix
