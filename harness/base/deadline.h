// How long a wait may still take.
#pragma once

#include <chrono>

namespace bpfmatrix {

/// For poll(2): whole milliseconds, rounded up, so that it does not wake up just before; 0 once the
/// deadline has passed.
int milliseconds_until(std::chrono::steady_clock::time_point deadline);

}  // namespace bpfmatrix
