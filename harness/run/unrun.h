// The transcript of a cell that needs no guest, because it is known that there can be none for it.
#pragma once

#include <optional>

#include "cell/transcript.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/run_kernel.h"

namespace bpfmatrix {

/// Nothing if kernel and object are there and fit the cell. Else why not: the kernel or the object
/// is unavailable, the object is none, or there is no BTF to embed.
std::optional<Transcript> transcript_without_parts(const Cell& cell, const CaseSpec& spec,
                                                   const Result<Kernel>& kernel,
                                                   const Result<ObjectFile>& object);

/// Nothing unless the case wants the kernel locked down, and the kernel's facts, as they are kept
/// in the store, say that this kernel cannot be.
std::optional<Transcript> transcript_without_lockdown(const CellInput& in,
                                                      KernelFactsKeeper& facts);

}  // namespace bpfmatrix
