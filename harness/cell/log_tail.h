// The end of a verifier's log, short enough to stand in an outcome.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix {

/// The last `lines` lines of a log, without its last line end; of the report that 7.3 writes behind
/// a rejection, the first lines too.
std::string log_tail(std::string_view log, int lines);

}  // namespace bpfmatrix
