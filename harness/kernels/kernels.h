// Kernels by name or by path: find, fetch, verify, remove. The door to this folder.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/fetch_options.h"
#include "kernels/kernel.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// A kernel that was fetched before. Never touches the network; does not read the files again
/// (verify_kernel does). Error: not in the store, or its record is damaged.
Result<Kernel> find_kernel(const Store& store, const std::string& id);

/// The kernel from the store, or else from its provider into the store. Blocks for the network, and
/// while another process fetches the same kernel. Every error starts with "kernel 'ID': ".
Result<Kernel> fetch_kernel(const CatalogEntry& entry, const FetchOptions& options);

/// Hashes every file again. Nothing found: all is as it was fetched. Error: not in the store.
Result<std::vector<VerifyFinding>> verify_kernel(const Store& store, const std::string& id);

/// With what a build of it has left behind. Error: not in the store, or no permission.
Result<> remove_kernel(const Store& store, const std::string& id);

}  // namespace bpfmatrix
