// The outcome of a cell that needs no guest, because it is known that there can be none for it.
#pragma once

#include <optional>

#include "cell/run_cell.h"
#include "run/machines/kernel_facts_keeper.h"

namespace bpfmatrix {

/// Nothing if kernel and object are there and fit the cell. Else why not: the kernel or the object
/// cannot be had, the object is none, or there is no BTF to embed.
std::optional<Outcome> outcome_without_parts(const Cell& cell, const CaseSpec& spec,
                                             const Result<Kernel>& kernel,
                                             const Result<ObjectFile>& object);

/// Nothing unless the case wants the kernel locked down, and the kernel's facts, as they are kept
/// in the store, tell that this kernel cannot be.
std::optional<Outcome> outcome_without_lockdown(const CellInput& in, KernelFactsKeeper& facts);

}  // namespace bpfmatrix
