// A kernel built here from source: configured from fragments, compiled, its BTF made.
//
//   builds/<id>/source      the unpacked source, when it was not given as a folder
//   builds/<id>/made_from   which source that is, and the compiler that was used
//   builds/<id>/out         what make made
//   builds/<id>/log         all that the build said; goes into the kernel's tree at the end
//
// all below the store. They are left behind by a failure, and the next try goes on from there.
#pragma once

#include "base/result.h"
#include "kernels/build/build_options.h"
#include "kernels/catalog.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// builds/<id> of the store.
std::filesystem::path build_folder(const Store& store, const std::string& id);

struct BuiltKernel {
  Kernel kernel{};
  /// The store had it already, from the same source, config, compiler and flags.
  bool cached = false;
};

/// Blocks for minutes. Leaves the kernel's tree in the store under the entry's id, in place of an
/// older one. Error: the entry is not one to be built, a tool is missing, the source is
/// unavailable, an option had no effect (see check_config), the compiler failed. Every error starts
/// with "kernel 'ID': ".
Result<BuiltKernel> build_kernel(const CatalogEntry& entry, const BuildOptions& options);

}  // namespace bpfmatrix
