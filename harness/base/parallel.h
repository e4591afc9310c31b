// The same work on many things at once.
#pragma once

#include <cstddef>
#include <functional>

namespace bpfmatrix {

/// Cores of this host, one at least.
int cores_here();

/// Calls `work(i)` once for each i below `count`, on up to `threads` threads (the caller's is one
/// of them), and returns when the last has returned. Blocks. What `work` throws
/// first comes out here, and what was not begun by then is left out.
void for_each_at_once(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace bpfmatrix
