#include "kernels/image/image_payload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/fd.h"
#include "base/file.h"
#include "elf/little_endian.h"
#include "kernels/archive/decompress.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Empty where it is not all there.
std::string_view part(std::string_view bytes, std::uint64_t at, std::uint64_t length) {
  return slice(bytes, at, length).value_or(std::string_view());
}

/// Where the kernel proper is in the file, and how it is packed.
struct Payload {
  ImageFormat format = ImageFormat::bzimage;
  std::optional<Arch> arch{};
  std::string_view bytes{};
  bool packed = false;
};

Error past_the_end() { return Error{"truncated: the payload reaches past the end of the file"}; }

/// Beginnings of formats that contain a kernel and that are not read here.
struct Foreign {
  std::string_view magic;
  const char* what;
  const char* hint;
};
constexpr Foreign kForeign[] = {
    {std::string_view("\x89LZO\0", 5), "packed with lzo, which is not supported",
     "known: gzip, bzip2, lzma, xz, lz4, zstd; unpack it and give the vmlinux or Image"},
    {std::string_view("\x27\x05\x19\x56", 4), "a U-Boot uImage",
     "extract the kernel: dumpimage -o Image FILE, or tail -c +65 FILE > Image"},
    {std::string_view("\xd0\x0d\xfe\xed", 4), "a U-Boot FIT image, or a device tree",
     "extract the kernel: dumpimage -T flat_dt -p 0 -o Image FILE"},
    {"ANDROID!", "an Android boot image", "extract the kernel with unpack_bootimg"},
};

std::optional<Error> refuse_foreign(std::string_view bytes) {
  for (const Foreign& foreign : kForeign) {
    if (bytes.starts_with(foreign.magic)) return Error{foreign.what, foreign.hint};
  }
  return std::nullopt;
}

bool is_bzimage(std::string_view image) {
  return read_at<std::uint16_t>(image, 0x1fe) == 0xaa55 && part(image, 0x202, 4) == "HdrS";
}

/// Documentation/x86/boot.rst, payload_offset and payload_length, v5.8 (later below
/// Documentation/arch).
Result<Payload> read_bzimage(std::string_view image) {
  const auto version = read_at<std::uint16_t>(image, 0x206).value_or(0);
  if (version < 0x0208) {
    return Error{
        fmt::format("a bzImage of boot protocol {:#x}; 0x208 (v2.6.24) is the oldest "
                    "that says where its payload is",
                    version)};
  }
  const auto flags = read_at<std::uint16_t>(image, 0x236).value_or(0);
  if (version >= 0x020c && (flags & 1) == 0) return Error{"a 32-bit x86 kernel"};
  const std::uint64_t setup = read_at<std::uint8_t>(image, 0x1f1).value_or(0);
  const std::uint64_t start = ((setup == 0 ? 4 : setup) + 1) * 512;
  const std::uint64_t offset = read_at<std::uint32_t>(image, 0x248).value_or(0);
  const std::uint64_t length = read_at<std::uint32_t>(image, 0x24c).value_or(0);
  std::string_view payload = part(image, start + offset, length);
  if (payload.size() < 16) return past_the_end();
  // gzip has the size in its own last bytes; to all others the kernel's build appends it
  // (scripts/Makefile.lib, size_append, v5.8).
  if (!payload.starts_with("\x1f\x8b")) payload.remove_suffix(4);
  return Payload{ImageFormat::bzimage, Arch::x86_64, payload, true};
}

/// drivers/firmware/efi/libstub/zboot-header.S.
bool is_zboot(std::string_view image) {
  return image.starts_with("MZ") && part(image, 4, 4) == "zimg";
}

/// "zstd22" and such, as the header has it.
std::string zboot_packing(std::string_view image) {
  std::string name(part(image, 24, 32));
  name.resize(std::strlen(name.c_str()));
  return is_valid_id(name) ? name : "?";
}

bool is_packed(std::string_view bytes) {
  constexpr std::string_view kMagics[] = {{"\x1f\x8b", 2},
                                          {"BZh", 3},
                                          {"\x5d\0\0", 3},
                                          {"\xfd"
                                           "7zXZ\0",
                                           6},
                                          {"\x02\x21\x4c\x18", 4},
                                          {"\x04\x22\x4d\x18", 4},
                                          {"\x28\xb5\x2f\xfd", 4}};
  for (const std::string_view magic : kMagics) {
    if (bytes.starts_with(magic)) return true;
  }
  return false;
}

Result<Payload> read_zboot(std::string_view image) {
  const auto offset = read_at<std::uint32_t>(image, 8).value_or(0);
  const auto length = read_at<std::uint32_t>(image, 12).value_or(0);
  const std::string_view payload = part(image, offset, length);
  if (payload.empty()) return past_the_end();
  if (!is_packed(payload)) {
    return Error{fmt::format("an EFI zboot image packed with '{}', which is not supported",
                             zboot_packing(image)),
                 "known: gzip, bzip2, lzma, xz, lz4, zstd"};
  }
  return Payload{ImageFormat::efi_zboot, std::nullopt, payload, true};
}

/// An Image that EFI can start is a PE file too, whose sections say how long it must be. (The
/// image_size of its own header counts .bss, which no file has.)
bool is_whole_pe(std::string_view image) {
  const std::uint64_t pe = read_at<std::uint32_t>(image, 0x3c).value_or(0);
  if (!image.starts_with("MZ") || pe == 0) return true;
  if (part(image, pe, 4) != std::string_view("PE\0\0", 4)) return false;
  const auto sections = read_at<std::uint16_t>(image, pe + 6).value_or(0);
  const std::uint64_t table = pe + 24 + read_at<std::uint16_t>(image, pe + 20).value_or(0);
  for (std::uint64_t i = 0; i < sections; ++i) {
    const auto bytes = read_at<std::uint32_t>(image, table + i * 40 + 16);
    const auto at = read_at<std::uint32_t>(image, table + i * 40 + 20);
    if (!bytes || !at || std::uint64_t{*at} + *bytes > image.size()) return false;
  }
  return true;
}

Result<Payload> read_arm64(std::string_view image) {
  if (!is_whole_pe(image)) return Error{"truncated: an arm64 Image whose sections reach past it"};
  return Payload{ImageFormat::arm64_image, Arch::aarch64, image, false};
}

Result<std::optional<Payload>> find_payload(std::string_view image) {
  using Found = std::optional<Payload>;
  const auto found = [](Result<Payload> payload) -> Result<Found> {
    if (!payload) return std::move(payload).error();
    return Found(*std::move(payload));
  };
  if (auto foreign = refuse_foreign(image)) return *std::move(foreign);
  if (is_bzimage(image)) return found(read_bzimage(image));
  if (is_zboot(image)) return found(read_zboot(image));
  if (is_arm64_image(image)) return found(read_arm64(image));
  if (is_elf(image)) return Found(Payload{ImageFormat::elf, std::nullopt, image, false});
  return Found();
}

Result<> unpack_to(const fs::path& target, std::string_view packed) {
  const Fd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return file_error(target, errno);
  return decompress(packed, kMaxImageBytes, [&](std::string_view piece) -> Result<> {
    while (!piece.empty()) {
      const ssize_t n = ::write(fd.get(), piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return file_error(target, errno);
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  });
}

Result<MappedFile> map_unpacked(const fs::path& target, std::string_view packed) {
  if (auto foreign = refuse_foreign(packed)) return wrap("payload", *std::move(foreign));
  if (Result<> unpacked = unpack_to(target, packed); !unpacked) {
    return wrap("payload", std::move(unpacked).error());
  }
  return MappedFile::open(target, kMaxImageBytes);
}

Error unknown_format() {
  return Error{"not a kernel image",
               "known: bzImage, arm64 Image (also compressed, or as EFI zboot), vmlinux"};
}

/// Once only: an Image.gz is unwrapped, an Image.gz.gz is not.
Result<std::optional<Payload>> unwrap_payload(OpenedImage& opened, const fs::path& scratch) {
  opened.image = opened.file.bytes();
  Result<std::optional<Payload>> payload = find_payload(opened.image);
  if (!payload || *payload || !is_packed(opened.image)) return payload;
  Result<MappedFile> inner = map_unpacked(scratch / "image", opened.image);
  if (!inner) return std::move(inner).error();
  opened.unwrapped.emplace(*std::move(inner));
  opened.wrapped = true;
  opened.image = opened.unwrapped->bytes();
  return find_payload(opened.image);
}

Result<> open_payload(OpenedImage& opened, const fs::path& scratch) {
  Result<std::optional<Payload>> payload = unwrap_payload(opened, scratch);
  if (!payload) return std::move(payload).error();
  if (!*payload) return unknown_format();
  opened.format = (*payload)->format;
  opened.arch = (*payload)->arch;
  opened.kernel = (*payload)->bytes;
  if (!(*payload)->packed) return {};
  Result<MappedFile> kernel = map_unpacked(scratch / "payload", opened.kernel);
  if (!kernel) return std::move(kernel).error();
  opened.payload.emplace(*std::move(kernel));
  opened.kernel = opened.payload->bytes();
  return {};
}

}  // namespace

bool is_arm64_image(std::string_view bytes) { return part(bytes, 0x38, 4) == "ARM\x64"; }

bool is_elf(std::string_view bytes) {
  return bytes.starts_with(
      "\x7f"
      "ELF");
}

Result<OpenedImage> open_image(MappedFile file, const fs::path& scratch) {
  OpenedImage opened{.file = std::move(file)};
  if (Result<> done = open_payload(opened, scratch); !done) return std::move(done).error();
  return opened;
}

}  // namespace bpfmatrix
