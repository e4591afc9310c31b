// The kernels of a store by their names: find, verify.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/kernel.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// "kernel 'ID': " in front of it.
Error of_kernel(const std::string& id, Error error);

/// The folder of a kernel's files. Error: not in the store.
Result<std::filesystem::path> kernel_tree(const Store& store, const std::string& id);

/// A kernel that was fetched before. Never touches the network; does not read the files again
/// (verify_kernel does). Error: not in the store, or its record is damaged.
Result<Kernel> find_kernel(const Store& store, const std::string& id);

/// Hashes every file again. Nothing found: all is as it was fetched. Error: not in the store.
Result<std::vector<VerifyFinding>> verify_kernel(const Store& store, const std::string& id);

}  // namespace bpfmatrix
