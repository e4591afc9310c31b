// An image file opened: what it is, where in it the kernel proper is, and that unpacked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/words.h"
#include "kernels/image/mapped_file.h"

namespace bpfmatrix {

/// The most that an image may hold, as a file and unpacked. What holds more is an error that names
/// this limit; it goes to a file piece by piece, never into memory as a whole.
inline constexpr std::uint64_t kMaxImageBytes = 512ULL << 20;

enum class ImageFormat { bzimage, arm64_image, efi_zboot, elf };
inline constexpr Word<ImageFormat> kImageFormatWords[] = {
    {ImageFormat::bzimage, "bzImage", "x86: real-mode header, compressed vmlinux"},
    {ImageFormat::arm64_image, "arm64 Image", "arm64: flat, uncompressed"},
    {ImageFormat::efi_zboot, "EFI zboot",
     "a compressed Image behind an EFI loader (arm64, v6.1 and later)"},
    {ImageFormat::elf, "ELF", "vmlinux"},
};
constexpr const auto& words_of(ImageFormat) { return kImageFormatWords; }

/// True for a flat arm64 Image (arch/arm64/kernel/image.h).
bool is_arm64_image(std::string_view bytes);
bool is_elf(std::string_view bytes);

struct OpenedImage {
  ImageFormat format = ImageFormat::bzimage;
  /// As its header says; nothing if only the kernel proper says it.
  std::optional<Arch> arch{};
  /// The file itself is gzip (or another compression) around that format, as Image.gz is.
  bool wrapped = false;
  /// In that format: the file, without a compression around it.
  std::string_view image{};
  /// The kernel proper: an ELF file, or a flat Image.
  std::string_view kernel{};
  /// What the views look into.
  MappedFile file;
  std::optional<MappedFile> unwrapped{};
  std::optional<MappedFile> payload{};
};

/// Unpacks into files in `scratch`, which the caller removes (at once, if he likes: they stay
/// mapped). The compression is gzip, bzip2, lzma, xz, lz4 or zstd. Error: none of these formats,
/// another compression, 32-bit, damaged, truncated, over kMaxImageBytes, disk full.
Result<OpenedImage> open_image(MappedFile image, const std::filesystem::path& scratch);

}  // namespace bpfmatrix
