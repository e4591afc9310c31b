// The symbolic names of errno values, as records carry them.
#pragma once

#include <string>

namespace bpfmatrix::guest {

/// "EACCES" for EACCES or -EACCES; "ENOTSUPP" for the kernel's 524, which no libc knows; "errno
/// 4003" for an unknown one.
std::string errno_name(int error);

}  // namespace bpfmatrix::guest
