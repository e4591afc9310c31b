// For tests: where the CO-RE relocations of an object give another result with a part of a
// kernel's BTF than against the whole.
#pragma once

#include <string>
#include <vector>

#include "elf/btf.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

struct CoreComparison {
  /// Relocations of which every number was compared.
  std::size_t compared = 0;
  /// Those that ask for a type's id, which is where it stands in its BTF: of them the type.
  std::size_t kernel_ids = 0;
  /// A line each.
  std::vector<std::string> differences{};
};

/// Nothing of an object without .BTF.ext. A failed test where it cannot be read.
CoreComparison compare_relocations(const ElfFile& object, const Btf& whole, const Btf& part);

/// The same against the part that CoreMinimum makes for the object.
CoreComparison compare_with_minimum(const ElfFile& object, const Btf& whole);

}  // namespace bpfmatrix
