// Is the clock of this machine right, as far as anybody can tell who asks nobody? Signatures and
// Release files are judged by it, and TLS fails without a word of it where it is years off.
#pragma once

#include <chrono>

#include "base/result.h"

namespace bpfmatrix {

/// The day on which this program was configured to be built (or SOURCE_DATE_EPOCH).
std::chrono::sys_seconds build_day();

/// Error: the clock says a time more than a day before `built`.
Result<> check_clock(std::chrono::sys_seconds now, std::chrono::sys_seconds built);

}  // namespace bpfmatrix
