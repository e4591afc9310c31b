// Whether an outcome is the last word on its cell: whether nothing would be found out by running it
// again.
#pragma once

#include <string>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// Empty: it is. Else what is not known.
///
/// By field. Not settled: any `end` but completed, and but a panic that came again in a machine
/// that was booted; attempts that differ; no loader version; kernel facts unknown; a trigger that
/// was due and not pulled; whether memory is counted, where it was limited; a command whose end
/// was not seen; E2BIG without knowing whether the attributes are known; relocations applied and
/// not counted; a relocation whose witnesses disagree.
///
/// Settled although something is absent, because the same would be absent again: what a kernel does
/// not count or say (statistics, run counts, candidates), what was never reached (not_reached,
/// `absent`, relocations of a program that was not sent: not_compared), what nobody knows the truth
/// of (`unknown`, unknown), a log cut off at the harness's own limit.
std::string inconclusive(const Outcome& outcome);

}  // namespace bpfmatrix
