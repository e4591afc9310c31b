// The time of day and the time that passes, as a seam: what measures a run or decides by the date
// asks one of these, so that tests need not sleep.
#pragma once

#include <chrono>

namespace bpfmatrix {

class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual std::chrono::steady_clock::time_point now() const = 0;
  virtual std::chrono::sys_days today() const = 0;
};

/// Of this machine.
const TimeSource& system_time();

}  // namespace bpfmatrix
