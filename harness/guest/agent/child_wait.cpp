#include "guest/agent/child_wait.h"

#include <csignal>
#include <ctime>

#include "guest/common/system.h"

namespace bpfmatrix::guest {

bool wait_until(std::int64_t end_ms, const std::function<int()>& over) {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  for (;;) {
    if (over() != 0) return true;
    const std::int64_t left = end_ms - uptime_ms();
    if (left <= 0) return false;
    const timespec time{left / 1000, left % 1000 * 1'000'000};
    // A signal that came before is pending and ends the wait at once.
    ::sigtimedwait(&child, nullptr, &time);
  }
}

}  // namespace bpfmatrix::guest
