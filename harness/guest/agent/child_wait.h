// Waiting for child processes without asking for them again and again.
#pragma once

#include <cstdint>
#include <functional>

namespace bpfmatrix::guest {

/// Calls `over` now and each time a child has changed, until it is not 0 (true) or `end_ms` of
/// uptime has come (false). SIGCHLD must be blocked, as it is in the agent.
bool wait_until(std::int64_t end_ms, const std::function<int()>& over);

}  // namespace bpfmatrix::guest
