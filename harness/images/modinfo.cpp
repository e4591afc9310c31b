#include "images/modinfo.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "base/file.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxModuleBytes = 64 << 20;
constexpr std::string_view kElfMagic = "\177ELF";

using ArchiveReader = std::unique_ptr<archive, decltype(&archive_read_free)>;
using ElfHandle = std::unique_ptr<Elf, decltype(&elf_end)>;

Result<std::string> decompress(const std::string& packed) {
  const ArchiveReader reader(archive_read_new(), &archive_read_free);
  const auto failure = [&reader] {
    const char* text = archive_error_string(reader.get());
    return Error{fmt::format("cannot decompress: {}", text != nullptr ? text : "unknown format")};
  };
  archive_read_support_format_raw(reader.get());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return failure();
  }
  std::string bytes;
  std::string block(256 << 10, '\0');
  for (;;) {
    const la_ssize_t n = archive_read_data(reader.get(), block.data(), block.size());
    if (n < 0) return failure();
    if (n == 0) return bytes;
    bytes.append(block, 0, static_cast<std::size_t>(n));
    if (bytes.size() > kMaxModuleBytes) {
      return Error{fmt::format("decompresses to more than {} bytes", kMaxModuleBytes)};
    }
  }
}

std::optional<std::string_view> find_section(Elf* elf, std::string_view wanted) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return std::nullopt;
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header{};
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr || name != wanted) continue;
    const Elf_Data* data = elf_rawdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return std::nullopt;
    return std::string_view(static_cast<const char*>(data->d_buf), data->d_size);
  }
  return std::nullopt;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) names.push_back(module_name(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

/// Entries are "key=value", each ended by one or more zero bytes (include/linux/moduleparam.h,
/// __MODULE_INFO, v5.8).
Modinfo parse_modinfo(std::string_view section) {
  Modinfo info;
  while (!section.empty()) {
    const std::size_t end = std::min(section.find('\0'), section.size());
    const std::string_view entry = section.substr(0, end);
    if (entry.starts_with("name=")) info.name = module_name(entry.substr(5));
    if (entry.starts_with("depends=")) info.depends = split_names(entry.substr(8));
    section.remove_prefix(std::min(end + 1, section.size()));
  }
  return info;
}

}  // namespace

std::string module_name(std::string_view text) {
  std::string name(text);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

Result<std::string> read_module(const std::filesystem::path& path) {
  Result<std::string> bytes = read_file(path, kMaxModuleBytes);
  if (!bytes || bytes->starts_with(kElfMagic)) return bytes;
  Result<std::string> unpacked = decompress(*bytes);
  if (!unpacked) return wrap(fmt::format("'{}'", path.string()), std::move(unpacked).error());
  return unpacked;
}

Result<Modinfo> read_modinfo(std::string& elf) {
  if (!elf.starts_with(kElfMagic)) return Error{"not an ELF file"};
  elf_version(EV_CURRENT);
  const ElfHandle handle(elf_memory(elf.data(), elf.size()), &elf_end);
  if (!handle) return Error{fmt::format("not a whole ELF file: {}", elf_errmsg(-1))};
  const auto section = find_section(handle.get(), ".modinfo");
  if (!section) return Error{"no section '.modinfo': not a kernel module"};
  return parse_modinfo(*section);
}

}  // namespace bpfmatrix
