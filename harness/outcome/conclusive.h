// Whether an outcome is the last word on its cell: whether nothing would be found out by running it
// again.
#pragma once

#include <string>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// Less than that: the cell came to an end, and its attempts agree. What else is not known of it
/// may be found out by another run, and is no reason not to compare it.
bool has_result(const Outcome& outcome);

/// Why it is not; empty: it is conclusive.
///
/// By field. Inconclusive: any `end` but completed, and but a panic that came again in a machine
/// that was booted; attempts that differ; no loader version; kernel facts unknown; a trigger that
/// was due and not pulled; whether memory is counted, where it was limited; an app whose end was
/// not seen; E2BIG without knowing whether the attributes are known; relocations applied and not
/// counted; a relocation whose cross-check disagrees.
///
/// Conclusive although something is absent, because the same would be absent again: what a kernel
/// does not count or say (statistics, run counts, candidates), what was never reached (not_reached,
/// `absent`, relocations of a program that was not sent: not_compared), what has no known
/// expected value of (`unknown`), a log cut off at the harness's own limit.
std::string inconclusive(const Outcome& outcome);

}  // namespace bpfmatrix
