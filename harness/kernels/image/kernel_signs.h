// What a kernel shows of itself that BTF can be compared with. BTF names neither a release nor a
// build: see elf/btf_identity.h for what the signs are worth.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "elf/btf_identity.h"
#include "kernels/image/kallsyms.h"

namespace bpfmatrix {

struct KernelSigns {
  /// uname -r; empty where the file does not say.
  std::string release{};
  Arch arch = Arch::x86_64;
  /// In hex digits; empty when it has none, or none that is unique.
  std::string build_id{};
  /// Those of its kallsyms; empty when they prove nothing.
  std::vector<KernelSymbol> symbols{};
};

/// Those of a kernel image. Unpacks below `scratch` (removed again), blocks for a second or so.
/// Error: see open_image and describe_image.
Result<KernelSigns> read_kernel_signs(const std::filesystem::path& image,
                                      const std::filesystem::path& scratch);

/// Are both of one kernel, as far as they say? By their build ids, or else by their releases.
Result<> match_build(const KernelSigns& given, const KernelSigns& kernel);

/// The BTF of a kernel and nothing else. Error: cut short, something behind it, no task_struct.
Result<> check_kernel_btf(std::string_view btf);

/// The same, for that architecture and by functions that are among the kernel's symbols. Gives how
/// many of them are; of none if nothing can be compared. Error: BTF of another kernel.
Result<BtfShare> match_signs(std::string_view btf, const KernelSigns& kernel);

}  // namespace bpfmatrix
