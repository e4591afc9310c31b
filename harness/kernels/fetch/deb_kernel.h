// A kernel out of Debian packages: from the metapackage over its dependencies to image, config,
// System.map and modules. Both layouts: everything in linux-image-R under boot/ and lib/modules/R,
// and, from 7.0 on, spread over linux-base-R, linux-binary-R and linux-modules-R.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/fetch/packages_index.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// Packages that are parts of one kernel, not tools it wants installed: linux-image-*,
/// linux-binary-*, linux-modules-*, and linux-base-<version>* (plain "linux-base" is a tool).
bool is_kernel_package(std::string_view name);

/// `package` in its newest version and what it depends on, as far as these are kernel packages,
/// itself first. Of alternatives the first that is there. Error: one is not in the index.
Result<std::vector<DebPackage>> follow_kernel(const std::vector<DebPackage>& packages,
                                              const std::string& package);

/// Tells for each file of the packages where in the kernel's tree it goes.
class KernelPlacer {
 public:
  /// Nothing for files no kernel needs. Error: files of two kernels.
  Result<std::optional<std::string>> place(std::string_view path);
  /// uname -r, as the paths have it; empty before the first file.
  const std::string& release() const { return release_; }

 private:
  std::string release_{};
};

/// Blocks for the network. Leaves the kernel's tree in the store, linked under its id; the caller
/// holds the lock of that id. Error: see open_suite, unpack_deb, read_kernel_image.
Result<Kernel> fetch_deb_kernel(const CatalogEntry& entry, const DebSource& source,
                                const FetchOptions& options);

}  // namespace bpfmatrix
