// A kernel's files, looked through: what is there, and does it belong together?
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "kernels/image/kernel_image.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// False for the one line Debian ships in its place ("The real System.map is in the
/// linux-image-<version>-dbg package"), and for a file that is not there.
bool is_real_system_map(const std::filesystem::path& path);

/// False if `config` says the kernel was built with BTF and `btf` is empty: then it was overlooked,
/// and "no BTF" would be a lie.
bool btf_agrees_with_config(const std::string& btf,
                            const std::optional<std::filesystem::path>& config);

/// The kernel unpacked into `tree` as vmlinuz, config, System.map, modules/: reads the image, takes
/// its BTF out beside it as vmlinux.btf, removes a System.map that is none. Leaves id and origin
/// empty. Error: the image is of another architecture or release, or its BTF is missing.
Result<Kernel> describe_tree(const std::filesystem::path& tree, Arch arch,
                             const std::string& release);

}  // namespace bpfmatrix
