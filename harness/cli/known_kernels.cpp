#include "cli/known_kernels.h"

#include "base/data_dir.h"
#include "kernels/find/added_kernel.h"

namespace bpfmatrix {

Result<Catalog> known_kernels() {
  Result<std::filesystem::path> path = find_data("kernels/catalog.json");
  if (!path) return std::move(path).error();
  return load_catalog(*path);
}

Result<Catalog> known_kernels(const Store& store) {
  Result<Catalog> catalog = known_kernels();
  if (!catalog) return catalog;
  return with_added_kernels(*std::move(catalog), store);
}

Result<Store> open_store(const std::string& option) { return Store::open(option); }

}  // namespace bpfmatrix
