#include "elf/elf_file.h"

#include <fmt/format.h>
#include <gelf.h>

#include <memory>

#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

using ElfHandle = std::unique_ptr<Elf, decltype(&::elf_end)>;

Error truncated(std::string_view what) {
  return Error{fmt::format("truncated ELF file: {}", what),
               "it was cut short while being built or copied: do that again"};
}

}  // namespace

bool ElfSection::executable() const {
  return type == SHT_PROGBITS && (flags & SHF_EXECINSTR) != 0 && size > 0;
}

Result<ElfFile> ElfFile::parse(std::string bytes) {
  if (bytes.size() < sizeof(Elf64_Ehdr)) return truncated("no room for its header");
  ElfFile file(std::move(bytes));
  Result<> read = file.read_sections();
  if (read) read = file.read_symbols();
  if (!read) return std::move(read).error();
  return file;
}

Result<> ElfFile::read_sections() {
  ::elf_version(EV_CURRENT);
  const ElfHandle elf(::elf_memory(bytes_.data(), bytes_.size()), &::elf_end);
  GElf_Ehdr header{};
  if (!elf || ::gelf_getehdr(elf.get(), &header) == nullptr) {
    return Error{fmt::format("damaged ELF header: {}", ::elf_errmsg(-1))};
  }
  std::size_t names_index = 0;
  std::size_t count = 0;
  if (::elf_getshdrnum(elf.get(), &count) != 0 ||
      ::elf_getshdrstrndx(elf.get(), &names_index) != 0) {
    return truncated("no room for its section headers");
  }
  // libelf reports no sections at all when their table lies beyond the file.
  if (count == 0 && header.e_shoff != 0) return truncated("no room for its section headers");
  std::vector<std::uint64_t> name_offsets;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Shdr raw{};
    Elf_Scn* section = ::elf_getscn(elf.get(), i);
    if (section == nullptr || ::gelf_getshdr(section, &raw) == nullptr) {
      return truncated("no room for its section headers");
    }
    const bool in_file = raw.sh_type != SHT_NOBITS && raw.sh_type != SHT_NULL;
    const auto content = slice(bytes_, raw.sh_offset, in_file ? raw.sh_size : 0);
    if (in_file && !content) return truncated(fmt::format("section {} ends beyond it", i));
    name_offsets.push_back(raw.sh_name);
    sections_.push_back({.type = raw.sh_type,
                         .flags = raw.sh_flags,
                         .link = raw.sh_link,
                         .info = raw.sh_info,
                         .size = raw.sh_size,
                         .bytes = content.value_or(std::string_view{})});
  }
  if (names_index >= sections_.size()) return {};
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    sections_[i].name = string_at(sections_[names_index].bytes, name_offsets[i]).value_or("");
  }
  return {};
}

Result<> ElfFile::read_symbols() {
  for (const ElfSection& table : sections_) {
    if (table.type != SHT_SYMTAB) continue;
    if (table.link >= sections_.size()) return Error{"damaged ELF file: symbols without names"};
    const std::string_view names = sections_[table.link].bytes;
    for (std::uint64_t at = 0; const auto raw = read_at<Elf64_Sym>(table.bytes, at);
         at += sizeof *raw) {
      symbols_.push_back({.name = string_at(names, raw->st_name).value_or(""),
                          .type = static_cast<std::uint8_t>(ELF64_ST_TYPE(raw->st_info)),
                          .binding = static_cast<std::uint8_t>(ELF64_ST_BIND(raw->st_info)),
                          .section = raw->st_shndx,
                          .value = raw->st_value,
                          .size = raw->st_size});
    }
    break;  // the format allows one
  }
  return {};
}

const ElfSection* ElfFile::section(std::string_view name) const {
  for (const ElfSection& candidate : sections_) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

std::vector<ElfRelocation> ElfFile::relocations(const ElfSection& section) const {
  std::vector<ElfRelocation> all;
  if (section.type != SHT_REL) return all;
  for (std::uint64_t at = 0; const auto raw = read_at<Elf64_Rel>(section.bytes, at);
       at += sizeof *raw) {
    all.push_back({.offset = raw->r_offset,
                   .type = static_cast<std::uint32_t>(ELF64_R_TYPE(raw->r_info)),
                   .symbol = static_cast<std::uint32_t>(ELF64_R_SYM(raw->r_info))});
  }
  return all;
}

}  // namespace bpfmatrix
