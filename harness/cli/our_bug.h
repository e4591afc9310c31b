// The catch at the top: an exception that nobody expected.
#pragma once

#include <functional>

namespace bpfmatrix {

/// What `work` returns. An exception that escapes from it is a bug of bpfmatrix: that is said in
/// one line, and the result is ExitCode::our_bug. What a run has written down by then stays.
int guarded(const std::function<int()>& work);

}  // namespace bpfmatrix
