// Talk on standard error: errors with their hints, notices. Results go to standard output
// elsewhere.
#pragma once

#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// "error: ..." and, where there is one, "hint: ...".
void say_error(const Error& error);
void say(std::string_view text);

/// True when `fd` is a terminal that takes colours (NO_COLOR is honoured, TERM is not "dumb").
bool wants_colour(int fd);
/// Columns of the terminal behind `fd`; COLUMNS, or 120, when it is none.
int terminal_width(int fd);

}  // namespace bpfmatrix
