// The records of CO-RE relocations: calculated for each program of an outcome, and held against
// what its loader sent and said.
#pragma once

#include "elf/btf.h"
#include "elf/elf_file.h"
#include "outcome/loader_evidence.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// Fills in `relocations` of the outcome's programs, and the counts of the whole. `target`: the BTF
/// the loader relocated against, nullptr: none. Error: why there can be no complete record; the
/// counts are then the loader's.
Result<> record_relocations(const ElfFile& object, const Btf* target,
                            const LoaderEvidence& evidence, Outcome& outcome);

}  // namespace bpfmatrix
