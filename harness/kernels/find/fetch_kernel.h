// Kernels of the catalog into a store, and out of it again.
#pragma once

#include <string>

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/kernels.h"

namespace bpfmatrix {

/// The kernel from the store, or else from its provider into the store. Blocks for the network, and
/// while another process fetches the same kernel. Every error starts with "kernel 'ID': ".
Result<Kernel> fetch_kernel(const CatalogEntry& entry, const FetchOptions& options);

/// With what a build of it has left behind. Error: not in the store, or no permission.
Result<> remove_kernel(const Store& store, const std::string& id);

}  // namespace bpfmatrix
