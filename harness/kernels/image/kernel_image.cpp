#include "kernels/image/kernel_image.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "elf/btf.h"
#include "kernels/archive/decompress.h"
#include "kernels/image/btf_scan.h"
#include "kernels/image/elf_section.h"
#include "kernels/image/elf_segments.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxBannerBytes = 1024;
constexpr std::string_view kBanner = "Linux version ";
// kernel/configs.c: the config, compressed, between two marks.
constexpr std::string_view kConfigBegin("IKCFG_ST\x1f\x8b", 10);
constexpr std::string_view kConfigEnd = "IKCFG_ED";

bool is_release(std::string_view text) {
  return is_valid_id(text) && text.front() >= '0' && text.front() <= '9' &&
         text.find('.') != std::string_view::npos;
}

/// "6.1.0-50-cloud-amd64" out of "6.1.0-50-cloud-amd64 (maintainer) #1 SMP ...".
std::string_view first_word(std::string_view text) {
  const auto end = text.substr(0, 200).find_first_of(std::string_view(" \0\n", 3));
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

/// What is linked before the build number is known stays in the image of newer kernels (not
/// in 5.10, but in 6.1) beside the real one: "# SMP".
bool lacks_build_number(std::string_view banner) {
  return banner.find(" # ") != std::string_view::npos;
}

/// Nothing may stand behind the release: a banner ends where its line does.
std::string_view release_of(std::string_view banner) {
  if (banner.empty()) return banner;
  banner.remove_prefix(kBanner.size());
  return banner.substr(0, banner.find(' '));
}

/// "Linux version 6.1.0-50-cloud-amd64 (maintainer) (compiler) #1 SMP ...": init/version.c,
/// linux_banner, v5.8.
std::string find_banner(std::string_view kernel) {
  std::string_view found;
  for (auto at = kernel.find(kBanner); at != std::string_view::npos;
       at = kernel.find(kBanner, at + 1)) {
    const std::string_view rest = kernel.substr(at, kMaxBannerBytes);
    if (!is_release(first_word(rest.substr(kBanner.size())))) continue;  // "%s": a format string
    found = rest.substr(0, rest.find_first_of(std::string_view("\0\n", 2)));
    if (!lacks_build_number(found)) break;
  }
  return std::string(found);
}

Result<std::string> read_btf(std::string_view kernel) {
  if (!is_elf(kernel)) return std::string(find_vmlinux_btf(kernel));
  Result<std::optional<std::string_view>> section = elf_section(kernel, ".BTF");
  if (!section) return std::move(section).error();
  if (!*section) return std::string();
  const auto shape = measure_btf(**section);
  if (!shape || !is_vmlinux_btf(**section)) return Error{"its .BTF section is malformed"};
  return std::string((*section)->substr(0, shape->bytes));
}

/// What is kept must be harmless to walk along. One with kinds newer than ours is: nobody here
/// takes it for more than bytes (Btf::parse refuses it), and its kernel boots all the same.
Result<> check_btf(const std::string& btf) {
  const auto shape = measure_btf(btf);
  if (btf.empty() || !shape || !shape->all_known) return {};
  const Result<Btf> types = Btf::parse(btf);
  return types ? Result<>() : types.error();
}

/// The config that CONFIG_IKCONFIG puts into the kernel between "IKCFG_ST" and "IKCFG_ED"
/// (kernel/configs.c, v5.8); empty when there is none, or none whole.
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

/// What the kernel proper is for; its header, if that says so too, must agree.
Result<Arch> kernel_arch(const OpenedImage& opened) {
  if (is_elf(opened.kernel)) {
    if (const auto whole = elf_segments(opened.kernel); !whole) return whole.error();
    Result<Arch> arch = elf_arch(opened.kernel);
    if (!arch || !opened.arch || *arch == *opened.arch) return arch;
    return Error{fmt::format("the header is for {}, the kernel in it for {}",
                             to_string(*opened.arch), to_string(*arch))};
  }
  if (opened.arch) return *opened.arch;
  if (is_arm64_image(opened.kernel)) return Arch::aarch64;
  return Error{"neither a vmlinux nor an arm64 Image is packed in it"};
}

}  // namespace

Result<KernelImage> describe_image(const OpenedImage& opened) {
  KernelImage image;
  image.format = opened.format;
  image.wrapped = opened.wrapped;
  Result<Arch> arch = kernel_arch(opened);
  if (!arch) return std::move(arch).error();
  image.arch = *arch;
  image.banner = find_banner(opened.kernel);
  if (image.banner.empty()) return Error{"no 'Linux version' text in it"};
  image.release = release_of(image.banner);
  Result<std::string> btf = read_btf(opened.kernel);
  if (!btf) return std::move(btf).error();
  if (Result<> sound = check_btf(*btf); !sound) return std::move(sound).error();
  image.btf = *std::move(btf);
  image.config = find_config(opened.kernel);
  image.build_id = find_build_id(opened.kernel);
  return image;
}

std::string find_release(std::string_view kernel) {
  return std::string(release_of(find_banner(kernel)));
}

Result<KernelImage> read_kernel_image(const fs::path& path, const fs::path& scratch) {
  const Result<TempDir> dir = TempDir::create(scratch, std::string(kUnfinishedMark));
  if (!dir) return dir.error();
  Result<MappedFile> file = MappedFile::open(path, kMaxImageBytes);
  if (!file) return std::move(file).error();
  const Result<OpenedImage> opened = open_image(*std::move(file), dir->path());
  Result<KernelImage> image =
      opened ? describe_image(*opened) : Result<KernelImage>(opened.error());
  if (!image) return wrap(fmt::format("'{}'", path.string()), std::move(image).error());
  return image;
}

Result<std::string_view> bootable_image(const OpenedImage& opened) {
  if (opened.format == ImageFormat::bzimage) return opened.image;
  if (opened.format != ImageFormat::elf) return opened.kernel;
  const Result<Arch> arch = elf_arch(opened.kernel);
  if (!arch) return arch.error();
  if (*arch == Arch::aarch64) {
    return Error{"a vmlinux, which QEMU cannot start on aarch64",
                 "give the Image made from it: arch/arm64/boot/Image, or objcopy -O binary"};
  }
  if (!has_pvh_entry(opened.kernel)) {
    return Error{
        "a vmlinux without the PVH entry, which QEMU cannot start",
        "give the bzImage made from it (arch/x86/boot/bzImage), or build with CONFIG_PVH=y"};
  }
  return opened.image;
}

}  // namespace bpfmatrix
