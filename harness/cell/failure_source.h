// Where a rejected program stood in its source: by the object's line information, because kernels
// before 5.0 take none (BPF_PROG_LOAD's line_info: c454a46b5efd, v5.0), and print file and line
// only from 6.10 on.
#pragma once

#include <optional>
#include <string_view>

#include "elf/source_lines.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// By the end of the verifier's log. Nothing where log and object do not say: in functions that the
/// loader has put behind the program, and where the log names no instruction.
std::optional<SourceLine> failure_source(const SourceLines& lines, std::string_view program,
                                         std::string_view log_tail);

}  // namespace bpfmatrix
