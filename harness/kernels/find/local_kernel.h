// A kernel that somebody has as files.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "kernels/kernel.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// The kernel image at `path` and what lies beside it. For /d/vmlinuz-R of release R:
///   config       /d/config-R, /d/config, /d/.config
///   System.map   /d/System.map-R, /d/System.map (Debian's, a hint where it is, counts as none)
///   modules      /d/lib/modules/R, /d/modules, /d/../lib/modules/R, or /d itself if it has
///   modules.builtin
/// The files stay where they are; the BTF is copied into the store's blobs. The id is
/// "local-<name>-<12 digits of the image's sha256>". Blocks for a second. Error: see
/// read_kernel_image.
Result<Kernel> local_kernel(const std::filesystem::path& path, const Store& store);

}  // namespace bpfmatrix
