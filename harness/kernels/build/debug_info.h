// BTF made from a kernel's debug information, for a kernel that has none of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/image/kernel_signs.h"

namespace bpfmatrix {

/// A distribution's vmlinux with its DWARF has 300 to 900 MB.
inline constexpr std::uint64_t kMaxDebugInfoBytes = 4ULL << 30;

/// What a vmlinux with DWARF says of itself, but for its symbols. One that holds nothing else
/// (objcopy --only-keep-debug) has no release, and no build id that is always found. Error: no
/// 64-bit ELF file of ours, or without debug information.
Result<KernelSigns> read_debug_info_signs(const std::filesystem::path& vmlinux);

/// Has pahole make BTF of it, which takes a minute for a distribution's kernel. `flags`: see
/// BuildSource::pahole_flags. Writes below `scratch`. Error: there is no pahole, it fails, or what
/// it makes is not the BTF of a kernel.
Result<std::string> make_btf(const std::filesystem::path& vmlinux,
                             const std::vector<std::string>& flags,
                             const std::filesystem::path& scratch);

}  // namespace bpfmatrix
