// The records of CO-RE relocations: calculated for each program of an outcome, and held against
// what its loader sent and said.
#pragma once

#include <vector>

#include "cell/kernel_types.h"
#include "cell/loader_evidence.h"
#include "elf/btf.h"
#include "elf/elf_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// What the loader relocated against.
struct LoaderTypes {
  /// nullptr: nothing.
  const Btf* kernel = nullptr;
  /// Looked at for what the kernel has no type for. None with BTF handed over as a file: libbpf
  /// takes it for all there is.
  std::vector<ModuleTypes> modules{};
};

/// Fills in `relocations` of the outcome's programs, and the counts of the whole. Error: why there
/// can be no complete record; the counts are then the loader's.
Result<> record_relocations(const ElfFile& object, const LoaderTypes& against,
                            const LoaderEvidence& evidence, Outcome& outcome);

}  // namespace bpfmatrix
