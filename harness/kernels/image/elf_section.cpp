#include "kernels/image/elf_section.h"

#include <elf.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <cstring>
#include <memory>

namespace bpfmatrix {

namespace {

struct ElfEnd {
  void operator()(Elf* elf) const { ::elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

Error malformed() {
  const char* reason = ::elf_errmsg(-1);
  return Error{fmt::format("malformed ELF: {}", reason != nullptr ? reason : "unknown")};
}

}  // namespace

Result<Arch> elf_arch(std::string_view elf) {
  Elf64_Ehdr header{};
  if (elf.size() < sizeof header || !elf.starts_with(ELFMAG)) return Error{"not an ELF file"};
  std::memcpy(&header, elf.data(), sizeof header);
  const bool ours =
      header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB;
  if (ours && header.e_machine == EM_X86_64) return Arch::x86_64;
  if (ours && header.e_machine == EM_AARCH64) return Arch::aarch64;
  return Error{fmt::format("an ELF file for another machine (e_machine {})", header.e_machine)};
}

Result<std::optional<std::string_view>> elf_section(std::string_view bytes, std::string_view name) {
  using Found = std::optional<std::string_view>;
  ::elf_version(EV_CURRENT);
  // libelf takes a pointer to non-const; nothing here writes through it.
  const ElfHandle elf(::elf_memory(const_cast<char*>(bytes.data()), bytes.size()));
  std::size_t names = 0;
  if (!elf || ::elf_kind(elf.get()) != ELF_K_ELF) return malformed();
  if (::elf_getshdrstrndx(elf.get(), &names) != 0) return malformed();
  for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr header{};
    if (::gelf_getshdr(section, &header) == nullptr) return malformed();
    const char* text = ::elf_strptr(elf.get(), names, header.sh_name);
    if (text == nullptr || name != text || header.sh_type == SHT_NOBITS) continue;
    if (header.sh_offset > bytes.size() || header.sh_size > bytes.size() - header.sh_offset) {
      return Error{fmt::format("section '{}' reaches past the end of the file", name)};
    }
    return Found(bytes.substr(header.sh_offset, header.sh_size));
  }
  return Found();
}

}  // namespace bpfmatrix
