#include "run/objects/kernel_finder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "kernels/find/added_kernel.h"
#include "kernels/find/fetch_kernel.h"
#include "kernels/find/local_kernel.h"

namespace bpfmatrix {

KernelFinder::KernelFinder(Catalog catalog, const RunSettings& settings)
    : catalog_(with_added_kernels(std::move(catalog), settings.fetch.store)), settings_(settings) {}

Result<std::string> KernelFinder::add_local(const std::filesystem::path& image) {
  Result<Kernel> kernel = local_kernel(image, settings_.fetch.store);
  if (!kernel) return std::move(kernel).error();
  std::string id = kernel->id;
  local_.insert_or_assign(id, *std::move(kernel));
  return id;
}

void KernelFinder::add(Kernel kernel) {
  const std::string id = kernel.id;
  local_.insert_or_assign(id, std::move(kernel));
}

std::vector<PlanKernel> KernelFinder::known() const {
  std::vector<PlanKernel> kernels;
  for (const auto& [id, kernel] : local_) kernels.push_back({id, kernel.arch});
  for (const CatalogEntry& entry : catalog_.entries) kernels.push_back({entry.id, entry.arch});
  return kernels;
}

Result<Kernel> KernelFinder::find_here(const std::string& id) const {
  const auto local = local_.find(id);
  if (local != local_.end()) return local->second;
  return find_kernel(settings_.fetch.store, id);
}

Result<Kernel> KernelFinder::find(const std::string& id) const {
  if (Result<Kernel> here = find_here(id)) return here;
  const auto entry = std::find_if(catalog_.entries.begin(), catalog_.entries.end(),
                                  [&](const CatalogEntry& e) { return e.id == id; });
  if (entry == catalog_.entries.end()) {
    return Error{fmt::format("unknown kernel '{}'", id),
                 hint_for_unknown(id, ids_of(catalog_), "bpfmatrix kernels list")};
  }
  return fetch_kernel(*entry, settings_.fetch);
}

}  // namespace bpfmatrix
