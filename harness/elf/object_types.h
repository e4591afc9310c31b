// The types of an object, and what belongs to its instructions: .BTF and
// .BTF.ext, which mean something only together.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "elf/btf.h"
#include "elf/btf_ext.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

struct ObjectTypes {
  /// The names in `ext` are in it.
  std::shared_ptr<const Btf> btf{};
  BtfExt ext{};
};

/// Nothing: the object lacks one of the two. Error: one of them is malformed.
Result<std::optional<ObjectTypes>> read_object_types(const ElfFile& object);

}  // namespace bpfmatrix
