#include "elf/object_types.h"

#include <string>
#include <utility>

namespace bpfmatrix {

Result<std::optional<ObjectTypes>> read_object_types(const ElfFile& object) {
  const ElfSection* types = object.section(".BTF");
  const ElfSection* info = object.section(".BTF.ext");
  if (types == nullptr || info == nullptr) return std::optional<ObjectTypes>();
  Result<Btf> parsed = Btf::parse(std::string(types->bytes));
  if (!parsed) return std::move(parsed).error();
  auto btf = std::make_shared<const Btf>(*std::move(parsed));
  Result<BtfExt> ext = parse_btf_ext(info->bytes, *btf);
  if (!ext) return std::move(ext).error();
  return std::optional(ObjectTypes{std::move(btf), *std::move(ext)});
}

}  // namespace bpfmatrix
