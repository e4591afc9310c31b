// One cell may be tried several times: when a machine was lost or hung under it, and to see whether
// a clone tells the same as a machine that was booted. What then is its outcome.
#pragma once

#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// Lost and hung may be the host's fault; every other end is the cell's own.
bool worth_another_try(const Outcome& outcome);
/// A panic in a clone: emulation, or the freezing, might have brought it about.
bool needs_cold_check(const Outcome& outcome);

/// Of at least one attempt, in their order. A lost machine says nothing, so the outcome is the last
/// of those that were not lost, or the last of all; it is flaky where two of them differ.
Outcome settle(std::vector<Outcome> attempts);

/// `outcome`, after the same cell came to `cold` in a machine that was booted.
Outcome held_against(Outcome outcome, const Outcome& cold);

}  // namespace bpfmatrix
