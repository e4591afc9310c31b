// What a kernel image tells about itself: its format, architecture, release, BTF and config.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

enum class ImageFormat {
  bzimage,      ///< x86: real-mode header, compressed vmlinux
  arm64_image,  ///< arm64: flat, uncompressed
  efi_zboot,    ///< a compressed Image behind an EFI loader (arm64, v6.1 and later)
  elf,          ///< vmlinux
};
std::string_view to_string(ImageFormat format);

struct KernelImage {
  ImageFormat format = ImageFormat::bzimage;
  /// The file itself is gzip (or another compression) around that format, as Image.gz is.
  bool wrapped = false;
  Arch arch = Arch::x86_64;
  /// uname -r.
  std::string release{};
  /// All of the kernel's own BTF; empty when it was built without.
  std::string btf{};
  /// The config it was built with; empty when it does not carry one (IKCONFIG).
  std::string config{};
};

/// Unpacks the image into a file below `scratch` (removed again) and looks through it. Blocks for a
/// second or so. Error: none of these formats, 32-bit, damaged, truncated, more than 512 MiB
/// inside, no "Linux version" in it, disk full.
Result<KernelImage> read_kernel_image(const std::filesystem::path& image,
                                      const std::filesystem::path& scratch);

}  // namespace bpfmatrix
