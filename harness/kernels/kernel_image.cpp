#include "kernels/kernel_image.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/fd.h"
#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "kernels/btf_scan.h"
#include "kernels/decompress.h"
#include "kernels/elf_section.h"
#include "kernels/mapped_file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxImageBytes = 512ULL << 20;
constexpr std::uint64_t kMaxConfigBytes = 4 << 20;
constexpr std::string_view kBanner = "Linux version ";
// kernel/configs.c: the config, compressed, between two marks.
constexpr std::string_view kConfigBegin("IKCFG_ST\x1f\x8b", 10);
constexpr std::string_view kConfigEnd = "IKCFG_ED";

/// A little-endian number at a fixed place of a header; nothing past the end.
template <typename T>
std::optional<T> number_at(std::string_view bytes, std::size_t at) {
  T value{};
  if (at > bytes.size() || bytes.size() - at < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string_view slice(std::string_view bytes, std::uint64_t at, std::uint64_t length) {
  if (at > bytes.size() || length > bytes.size() - at) return {};
  return bytes.substr(at, length);
}

bool is_release(std::string_view text) {
  return is_valid_id(text) && text.front() >= '0' && text.front() <= '9' &&
         text.find('.') != std::string_view::npos;
}

/// "6.1.0-50-cloud-amd64" out of "6.1.0-50-cloud-amd64 (maintainer) #1 SMP ...".
std::string_view first_word(std::string_view text) {
  const auto end = text.substr(0, 200).find_first_of(std::string_view(" \0\n", 3));
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

Result<std::string> find_release(std::string_view kernel) {
  for (auto at = kernel.find(kBanner); at != std::string_view::npos;
       at = kernel.find(kBanner, at + 1)) {
    const std::string_view word = first_word(kernel.substr(at + kBanner.size()));
    if (is_release(word)) return std::string(word);  // the format string has "%s" there
  }
  return Error{"no 'Linux version' text in it"};
}

/// Where the kernel proper lies in the file, and how it is packed.
struct Layout {
  ImageFormat format = ImageFormat::bzimage;
  std::optional<Arch> arch{};
  /// Compressed unless the format is a flat Image or ELF.
  std::string_view payload{};
  bool packed = false;
};

bool is_bzimage(std::string_view image) {
  return number_at<std::uint16_t>(image, 0x1fe) == 0xaa55 && slice(image, 0x202, 4) == "HdrS";
}

/// Documentation/arch/x86/boot.rst.
Result<Layout> read_bzimage(std::string_view image) {
  const auto version = number_at<std::uint16_t>(image, 0x206).value_or(0);
  if (version < 0x0208) {
    return Error{
        fmt::format("a bzImage of boot protocol {:#x}; 0x208 (v2.6.24) is the oldest "
                    "that says where its payload is",
                    version)};
  }
  const auto flags = number_at<std::uint16_t>(image, 0x236).value_or(0);
  if (version >= 0x020c && (flags & 1) == 0) return Error{"a 32-bit x86 kernel"};
  const std::uint64_t setup = number_at<std::uint8_t>(image, 0x1f1).value_or(0);
  const std::uint64_t start = ((setup == 0 ? 4 : setup) + 1) * 512;
  const std::uint64_t offset = number_at<std::uint32_t>(image, 0x248).value_or(0);
  const std::uint64_t length = number_at<std::uint32_t>(image, 0x24c).value_or(0);
  std::string_view payload = slice(image, start + offset, length);
  if (payload.size() < 16) return Error{"truncated: the payload reaches past the end of the file"};
  // gzip has the size in its own last bytes; to all others the kernel's build appends it.
  if (!payload.starts_with("\x1f\x8b")) payload.remove_suffix(4);
  return Layout{ImageFormat::bzimage, Arch::x86_64, payload, true};
}

/// arch/arm64/kernel/image.h.
bool is_arm64_image(std::string_view image) { return slice(image, 0x38, 4) == "ARM\x64"; }

/// drivers/firmware/efi/libstub/zboot-header.S.
bool is_zboot(std::string_view image) {
  return image.starts_with("MZ") && slice(image, 4, 4) == "zimg";
}

Result<Layout> read_zboot(std::string_view image) {
  const auto offset = number_at<std::uint32_t>(image, 8).value_or(0);
  const auto length = number_at<std::uint32_t>(image, 12).value_or(0);
  const std::string_view payload = slice(image, offset, length);
  if (payload.empty()) return Error{"truncated: the payload reaches past the end of the file"};
  return Layout{ImageFormat::efi_zboot, std::nullopt, payload, true};
}

Result<std::optional<Layout>> find_layout(std::string_view image) {
  using Found = std::optional<Layout>;
  const auto found = [](Result<Layout> layout) -> Result<Found> {
    if (!layout) return std::move(layout).error();
    return Found(*std::move(layout));
  };
  if (is_bzimage(image)) return found(read_bzimage(image));
  if (is_zboot(image)) return found(read_zboot(image));
  if (is_arm64_image(image)) {
    return Found(Layout{ImageFormat::arm64_image, Arch::aarch64, image, false});
  }
  if (image.starts_with("\x7f"
                        "ELF")) {
    return Found(Layout{ImageFormat::elf, std::nullopt, image, false});
  }
  return Found();
}

Result<> unpack_to(const fs::path& target, std::string_view packed) {
  const auto failed = [&target] {
    return Error{fmt::format("'{}': {}", target.string(), ::strerror(errno))};
  };
  const Fd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return failed();
  return decompress(packed, kMaxImageBytes, [&](std::string_view piece) -> Result<> {
    while (!piece.empty()) {
      const ssize_t n = ::write(fd.get(), piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed();
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  });
}

Result<MappedFile> map_unpacked(const fs::path& target, std::string_view packed) {
  if (Result<> unpacked = unpack_to(target, packed); !unpacked) {
    return wrap("payload", std::move(unpacked).error());
  }
  return MappedFile::open(target, kMaxImageBytes);
}

Result<std::string> read_btf(std::string_view kernel) {
  if (!kernel.starts_with("\x7f"
                          "ELF"))
    return std::string(find_vmlinux_btf(kernel));
  Result<std::optional<std::string_view>> section = elf_section(kernel, ".BTF");
  if (!section) return std::move(section).error();
  if (!*section) return std::string();
  const auto shape = measure_btf(**section);
  if (!shape || !is_vmlinux_btf(**section)) return Error{"its .BTF section is malformed"};
  return std::string((*section)->substr(0, shape->bytes));
}

/// The config that CONFIG_IKCONFIG puts into the kernel; empty when there is none, or none whole.
std::string find_config(std::string_view kernel) {
  const auto begin = kernel.find(kConfigBegin);
  if (begin == std::string_view::npos) return "";
  const std::string_view rest = kernel.substr(begin + kConfigEnd.size());
  const std::string_view packed = rest.substr(0, rest.find(kConfigEnd));
  std::string config;
  const Result<> unpacked = decompress(packed, kMaxConfigBytes, [&](std::string_view piece) {
    config += piece;
    return Result<>();
  });
  return unpacked && config.find("CONFIG_") != std::string::npos ? config : "";
}

Result<Arch> kernel_arch(const Layout& layout, std::string_view kernel) {
  if (layout.arch) return *layout.arch;
  if (is_arm64_image(kernel)) return Arch::aarch64;
  return elf_arch(kernel);
}

/// `kernel`: the unpacked payload, a flat Image or an ELF file.
Result<KernelImage> describe(const Layout& layout, std::string_view kernel) {
  KernelImage image;
  image.format = layout.format;
  Result<Arch> arch = kernel_arch(layout, kernel);
  if (!arch) return std::move(arch).error();
  image.arch = *arch;
  Result<std::string> release = find_release(kernel);
  if (!release) return std::move(release).error();
  image.release = *std::move(release);
  Result<std::string> btf = read_btf(kernel);
  if (!btf) return std::move(btf).error();
  image.btf = *std::move(btf);
  image.config = find_config(kernel);
  return image;
}

Result<KernelImage> read_layout(const Layout& layout, const fs::path& scratch) {
  if (!layout.packed) return describe(layout, layout.payload);
  Result<MappedFile> kernel = map_unpacked(scratch / "payload", layout.payload);
  if (!kernel) return std::move(kernel).error();
  return describe(layout, kernel->bytes());
}

Error unknown_format() {
  return Error{"not a kernel image",
               "known: bzImage, arm64 Image (also compressed, or as EFI zboot), vmlinux"};
}

Result<KernelImage> read_image(std::string_view bytes, const fs::path& scratch) {
  Result<std::optional<Layout>> layout = find_layout(bytes);
  if (!layout) return std::move(layout).error();
  if (*layout) return read_layout(**layout, scratch);

  // Perhaps one of them, compressed as a whole: Image.gz. Once only.
  Result<MappedFile> inner = map_unpacked(scratch / "image", bytes);
  if (!inner || inner->bytes().substr(0, bytes.size()) == bytes) return unknown_format();
  layout = find_layout(inner->bytes());
  if (!layout) return std::move(layout).error();
  if (!*layout) return unknown_format();
  Result<KernelImage> image = read_layout(**layout, scratch);
  if (image) image->wrapped = true;
  return image;
}

}  // namespace

std::string_view to_string(ImageFormat format) {
  switch (format) {
    case ImageFormat::bzimage:
      return "bzImage";
    case ImageFormat::arm64_image:
      return "arm64 Image";
    case ImageFormat::efi_zboot:
      return "EFI zboot";
    case ImageFormat::elf:
      return "ELF";
  }
  return "";
}

Result<KernelImage> read_kernel_image(const fs::path& path, const fs::path& scratch) {
  Result<MappedFile> file = MappedFile::open(path, kMaxImageBytes);
  if (!file) return std::move(file).error();
  Result<TempDir> dir = TempDir::create(scratch, std::string(kUnfinishedMark));
  if (!dir) return std::move(dir).error();
  Result<KernelImage> image = read_image(file->bytes(), dir->path());
  if (!image) return wrap(fmt::format("'{}'", path.string()), std::move(image).error());
  return image;
}

}  // namespace bpfmatrix
