// Do the files that were given for a kernel belong to its image? Each error names the difference.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/image/kallsyms.h"
#include "kernels/image/kernel_image.h"

namespace bpfmatrix {

/// Its first comment names the version and the architecture it is for. The version must be in
/// the image's banner, or agree with its release in the first two numbers: a distribution's release
/// (6.1.0-50-amd64) need not hold the version (6.1.176). Where the image has a config inside, the
/// options must be the same.
Result<> match_config(std::string_view text, const KernelImage& image);

/// It says where 'linux_banner' lies: there the kernel must have its banner. `kernel` is the kernel
/// proper of the image.
Result<> match_system_map(std::string_view text, std::string_view kernel, const KernelImage& image);

/// A whole BTF of a kernel: the same as the image's own, where it has one; else of its
/// architecture, and its functions among the `symbols` of the image, which may be none.
Result<> match_btf(std::string_view btf, const KernelImage& image,
                   const std::vector<KernelSymbol>& symbols);

/// `module`: an ELF file. Its vermagic begins with the release it can be loaded into.
Result<> match_module(std::string_view module, const KernelImage& image);

}  // namespace bpfmatrix
