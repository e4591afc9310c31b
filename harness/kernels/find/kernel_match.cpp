#include "kernels/find/kernel_match.h"

#include <elf.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"
#include "kernels/image/elf_segments.h"
#include "kernels/image/kernel_signs.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kOption = "CONFIG_";

/// "# Linux/x86 6.1.176 Kernel Configuration": the architecture and the version (the mainmenu of
/// Kconfig, v5.8).
struct ConfigTitle {
  std::string_view arch{};
  std::string_view version{};
};

std::optional<ConfigTitle> find_title(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> parts = words(line);
    if (parts.size() < 5 || parts[0] != "#" || !parts[1].starts_with("Linux/")) continue;
    if (parts[3] == "Kernel") return ConfigTitle{parts[1].substr(6), parts[2]};
  }
  return std::nullopt;
}

bool is_title_of(std::string_view arch, Arch kernel) {
  return kernel == Arch::aarch64 ? arch == "arm64" : arch == "x86" || arch == "x86_64";
}

/// "6.1." out of "6.1.176".
std::string_view first_two_numbers(std::string_view version) {
  const auto first = version.find('.');
  const auto second = version.find_first_not_of("0123456789", first + 1);
  if (first == std::string_view::npos) return version;
  return version.substr(0, second);
}

Result<> match_title(const ConfigTitle& title, const KernelImage& image) {
  if (!is_title_of(title.arch, image.arch)) {
    return Error{
        fmt::format("a config for '{}', the image is for {}", title.arch, to_string(image.arch))};
  }
  if (image.banner.find(title.version) != std::string::npos) return {};
  if (first_two_numbers(title.version) == first_two_numbers(image.release)) return {};
  return Error{fmt::format("the config of {}, the image is {}", title.version, image.release)};
}

std::set<std::string_view> options(std::string_view text) {
  std::set<std::string_view> found;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(kOption)) found.insert(trim(line));
  }
  return found;
}

/// The first option that only one of them has; empty if none.
std::string_view first_difference(const std::set<std::string_view>& one,
                                  const std::set<std::string_view>& other) {
  for (const std::string_view option : one) {
    if (!other.contains(option)) return option;
  }
  for (const std::string_view option : other) {
    if (!one.contains(option)) return option;
  }
  return {};
}

/// The address of `name` in lines of "ffffffff81000000 T name".
std::optional<std::uint64_t> find_symbol(std::string_view map, std::string_view name) {
  for (const std::string_view line : split(map, '\n')) {
    if (!line.ends_with(name)) continue;
    const std::vector<std::string_view> parts = words(line);
    if (parts.size() != 3 || parts[2] != name) continue;
    std::uint64_t address = 0;
    const auto [end, failed] =
        std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), address, 16);
    if (failed == std::errc() && end == parts[0].data() + parts[0].size()) return address;
  }
  return std::nullopt;
}

/// The bytes at a link-time address of an ELF file; of a flat image, `text` is where it begins.
std::string_view bytes_at(std::string_view kernel, std::uint64_t address, std::uint64_t text) {
  if (!is_elf(kernel)) {
    const std::uint64_t at = address - text;
    return at < kernel.size() ? kernel.substr(at) : std::string_view{};
  }
  const Result<std::vector<ElfSegment>> segments = elf_segments(kernel);
  if (!segments) return {};
  for (const ElfSegment& segment : *segments) {
    const std::uint64_t at = address - segment.address;
    if (segment.type == PT_LOAD && at < segment.bytes.size()) return segment.bytes.substr(at);
  }
  return {};
}

}  // namespace

Result<> match_config(std::string_view text, const KernelImage& image) {
  const std::set<std::string_view> given = options(text);
  if (given.empty()) return Error{"not a kernel's config: no line begins with CONFIG_"};
  if (const auto title = find_title(text)) {
    if (Result<> matched = match_title(*title, image); !matched) return matched;
  }
  if (image.config.empty()) return {};
  const std::string_view difference = first_difference(given, options(image.config));
  if (difference.empty()) return {};
  return Error{fmt::format("not the config in the image: only one of them has '{}'", difference)};
}

Result<> match_system_map(std::string_view text, std::string_view kernel,
                          const KernelImage& image) {
  const auto begin = find_symbol(text, "_text");
  const auto banner = find_symbol(text, "linux_banner");
  if (!begin || !banner) return Error{"not a System.map: '_text' or 'linux_banner' is not in it"};
  if (*banner == 0) return Error{"a System.map without addresses"};
  if (bytes_at(kernel, *banner, *begin).starts_with(image.banner)) return {};
  return Error{fmt::format(
      "the System.map of another kernel: in the image of {} 'linux_banner' is not at {:x}",
      image.release, *banner)};
}

Result<> match_btf(std::string_view btf, const KernelImage& image,
                   const std::vector<KernelSymbol>& symbols) {
  if (Result<> whole = check_kernel_btf(btf); !whole) return whole;
  if (image.btf == btf) return {};
  if (!image.btf.empty()) {
    return Error{fmt::format("the BTF of another kernel: the image of {} has its own, {} bytes",
                             image.release, image.btf.size())};
  }
  const Result<BtfShare> share =
      match_signs(btf, {image.release, image.arch, image.build_id, symbols});
  return share ? Result<>() : share.error();
}

Result<> match_module(std::string_view module, const KernelImage& image) {
  constexpr std::string_view kMagic = "vermagic=";
  const auto at = module.find(kMagic);
  if (at == std::string_view::npos) return Error{"not a kernel module: it has no vermagic"};
  const std::string_view rest = module.substr(at + kMagic.size(), 256);
  const std::string_view release = rest.substr(0, rest.find_first_of(std::string_view(" \0", 2)));
  if (release == image.release) return {};
  return Error{fmt::format("a module of '{}', the image is '{}'", release, image.release)};
}

}  // namespace bpfmatrix
