// The records of CO-RE relocations: calculated for each program that a loader spoke of, and
// compared with what the loader sent and said.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/load_settings.h"
#include "cell/kernel_types.h"
#include "cell/loader_record.h"
#include "elf/btf.h"
#include "elf/elf_file.h"
#include "outcome/relocation.h"

namespace bpfmatrix {

/// What the loader relocated against.
struct LoaderTypes {
  /// nullptr: nothing.
  std::shared_ptr<const Btf> kernel{};
  /// Looked at for what the kernel has no type for. None with BTF handed over as a file: libbpf
  /// takes it for all there is.
  std::vector<ModuleTypes> modules{};
};

/// The records of an object, and their counts.
struct ObjectRelocations {
  /// Of each program of the loader's record, in its order.
  std::vector<std::vector<RelocationRecord>> programs{};
  /// Each relocation of a function that several programs call is counted once.
  int total = 0;
  int applied = 0;
  int skipped = 0;
  int poisoned = 0;
};

/// `loader` by its name: libbpf's rules differ from version to version, and are known. `asked` is
/// what it was asked for: programs that are left out are not relocated. Error: why there can be no
/// complete record.
Result<ObjectRelocations> record_relocations(const ElfFile& object, const LoaderTypes& against,
                                             std::string_view loader, const LoaderRecord& said,
                                             const LoadSettings& asked = {});

}  // namespace bpfmatrix
