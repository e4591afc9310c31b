#include "elf/observed_fields.h"

#include "elf/btf.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

std::vector<std::string> observed_fields(std::string object_bytes) {
  const Result<ElfFile> elf = ElfFile::parse(std::move(object_bytes));
  const ElfSection* section = elf ? elf->section(".BTF") : nullptr;
  if (section == nullptr) return {};
  const Result<Btf> btf = Btf::parse(std::string(section->bytes));
  if (!btf) return {};
  std::vector<std::string> names;
  for (const BtfId id : btf->find("observed", BtfKind::struct_type)) {
    for (const BtfMember& member : btf->members(*btf->type(id))) names.emplace_back(member.name);
  }
  return names;
}

}  // namespace bpfmatrix
