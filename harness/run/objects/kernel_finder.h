// The kernels a run can have: those of the catalog, those added to the store, those given by path.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kernels/catalog.h"
#include "kernels/kernel.h"
#include "matrix/plan.h"
#include "run/settings.h"

namespace bpfmatrix {

class KernelFinder {
 public:
  /// Those that were added to the store are known by their names too.
  KernelFinder(Catalog catalog, const RunSettings& settings);

  /// Takes a kernel given as a file ("./vmlinuz"); gives the id it is known by from now on.
  Result<std::string> add_local(const std::filesystem::path& image);
  /// One that is nowhere in the store: from now on it is known by its id.
  void add(Kernel kernel);
  /// Everything that could be planned on, local kernels first.
  std::vector<PlanKernel> known() const;
  /// Given by path, or in the store already; never touches the network.
  Result<Kernel> find_here(const std::string& id) const;
  /// How all else is fetched.
  const FetchOptions& fetch() const { return settings_.fetch; }
  /// From the store, or fetched into it. Blocks while it downloads. Error: it is unavailable.
  Result<Kernel> find(const std::string& id) const;

 private:
  Catalog catalog_;
  const RunSettings& settings_;
  std::map<std::string, Kernel> local_{};
};

}  // namespace bpfmatrix
