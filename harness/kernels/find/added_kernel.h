// Kernels that the user added to the store: they have a name like those of the catalog.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/kernel.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// The catalog, and behind it the kernels in the store that were added under other names. What
/// cannot be read there is left out.
Catalog with_added_kernels(Catalog catalog, const Store& store);

/// Error: no valid name, one of the catalog, or one that is already used.
Result<> check_new_name(const std::string& id, const Catalog& catalog, const Store& store);

/// Puts `tree`, where the kernel was assembled, into the store under the kernel's id: all of it or
/// nothing. Error: the name is used meanwhile, disk full.
Result<Kernel> add_kernel(const Kernel& kernel, TempDir tree, const Store& store);

}  // namespace bpfmatrix
