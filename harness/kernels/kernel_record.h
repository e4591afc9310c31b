// kernel.json in a kernel's tree: the Kernel as it is in the store, read back strictly.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/result.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

inline constexpr const char* kKernelRecordName = "kernel.json";

/// The text of kernel.json; the kernel's paths must be in `folder`, which need not exist, and are
/// kept relative to it.
std::string kernel_record_text(const Kernel& kernel, const std::filesystem::path& folder);
/// Writes `folder`/kernel.json; the kernel's paths must be in `folder` and are kept relative to
/// it.
Result<> write_kernel_record(const Kernel& kernel, const std::filesystem::path& folder);
/// Error: missing, not the schema, or a path that leaves `folder`.
Result<Kernel> read_kernel_record(const std::filesystem::path& folder);

/// The same for a package's origin: package.json.
Result<> write_package_record(const Origin& origin, const std::filesystem::path& folder);
Result<Origin> read_package_record(const std::filesystem::path& folder);

/// JSON Schema of kernel.json.
OrderedJson kernel_record_schema();

}  // namespace bpfmatrix
