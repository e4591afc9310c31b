// For tests: an object whose names are no text.
#pragma once

#include <string>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {

/// Of its license, map, section and program the first letter is "L", "m", "s" or "p", and this
/// follows: a control sequence, a C1 control, a byte that is no UTF-8, a line end.
inline constexpr const char* kHostileName = "\x1b[m\u009b\xff\n";

/// Without BTF.
std::string hostile_object(BpfCompiler& compiler);

}  // namespace bpfmatrix
