// What a kernel image says about itself: its format, architecture, release, BTF and config.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/image/image_payload.h"

namespace bpfmatrix {

/// No config, and no BTF of a kernel, is larger.
inline constexpr std::uint64_t kMaxConfigBytes = 4 << 20;
inline constexpr std::uint64_t kMaxKernelBtfBytes = 256 << 20;

struct KernelImage {
  ImageFormat format = ImageFormat::bzimage;
  /// The file itself is gzip (or another compression) around that format, as Image.gz is.
  bool wrapped = false;
  Arch arch = Arch::x86_64;
  /// uname -r.
  std::string release{};
  /// "Linux version <release> (...) #1 SMP ...": what `cat /proc/version` says.
  std::string banner{};
  /// All of the kernel's own BTF; empty when it was built without.
  std::string btf{};
  /// The config it was built with; empty when it does not carry one (IKCONFIG).
  std::string config{};
  /// The GNU build id, in hex digits; empty when it has none, or none that is unique.
  std::string build_id{};
};

/// Looks through an image that was opened. Blocks for a second or so. Error: no "Linux
/// version" in it, an ELF file for another machine, a damaged .BTF section.
Result<KernelImage> describe_image(const OpenedImage& opened);

/// uname -r, by the banner of a kernel proper; empty when it has none.
std::string find_release(std::string_view kernel);

/// The bytes that QEMU starts: the image itself, but flat on aarch64, where it knows no EFI zboot
/// and of compressions only gzip. Error: a vmlinux that cannot be started; the hint says what can.
Result<std::string_view> bootable_image(const OpenedImage& opened);

/// Both steps for a file: unpacks below `scratch` (removed again) and looks. Error: see open_image,
/// describe_image.
Result<KernelImage> read_kernel_image(const std::filesystem::path& image,
                                      const std::filesystem::path& scratch);

}  // namespace bpfmatrix
