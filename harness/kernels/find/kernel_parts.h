// A kernel as somebody else has it: files side by side, or one tar made by kernels/collect.sh.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// Only the image is needed: what is not given is looked for in it.
struct KernelParts {
  std::filesystem::path image{};
  /// Plain, or compressed as /proc/config.gz is.
  std::optional<std::filesystem::path> config{};
  std::optional<std::filesystem::path> system_map{};
  /// /lib/modules/<release> of that machine, or a part of it: 2 GiB and 50,000 files at most.
  std::optional<std::filesystem::path> modules{};
  /// /sys/kernel/btf/vmlinux of that machine, or BTF made for this kernel.
  std::optional<std::filesystem::path> btf{};
  /// What the image must turn out to be.
  std::optional<Arch> arch{};
  std::optional<std::string> release{};
};

/// Unpacks what collect.sh made into `into`. Error: no such archive, a link, a path that leaves the
/// folder, more than 1 GiB or 10,000 files, no image in it.
Result<KernelParts> unpack_kernel_archive(const std::filesystem::path& archive,
                                          const std::filesystem::path& into);

/// What was found, beside the kernel itself, for the person who adds it.
struct AssembledKernel {
  Kernel kernel{};
  std::string format{};
  std::string build_id{};
  /// Names in the image's kallsyms.
  std::size_t symbols = 0;
  std::size_t modules = 0;
};

/// Copies the parts into the empty folder `tree` as vmlinuz, config, System.map, vmlinux.btf,
/// modules/, each compared with the image; what was not given comes out of the image. Without id.
/// Blocks for seconds. Error: see open_image and kernel_match.h; an image that QEMU cannot start.
Result<AssembledKernel> assemble_kernel(const KernelParts& parts, const std::filesystem::path& tree,
                                        const std::filesystem::path& scratch);

}  // namespace bpfmatrix
