// Which architecture this machine is, for tests that run or read its own programs.
#pragma once

#include "base/ids.h"

namespace bpfmatrix {

#if defined(__x86_64__)
inline constexpr Arch kHere = Arch::x86_64;
inline constexpr Arch kOther = Arch::aarch64;
#else
inline constexpr Arch kHere = Arch::aarch64;
inline constexpr Arch kOther = Arch::x86_64;
#endif

}  // namespace bpfmatrix
