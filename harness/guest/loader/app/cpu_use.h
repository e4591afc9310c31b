// Whether an application works on something, though it asks nothing of the kernel that we follow.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace bpfmatrix::guest {

/// User and system time of a process and of its children that it has waited for, in ticks of
/// USER_HZ (10 ms), from the text of /proc/PID/stat (proc(5): utime, stime, cutime, cstime).
std::optional<std::uint64_t> parse_cpu_ticks(std::string_view stat);

class CpuUse {
 public:
  /// Call it often: a span of kSpanMs or more in which the processes used over a third of one
  /// processor makes its end the last busy moment.
  void look(const std::set<pid_t>& processes, std::int64_t now_ms);
  /// Of the clock that look() is told; 0: never.
  std::int64_t last_busy_ms() const { return last_busy_ms_; }

  static constexpr std::int64_t kSpanMs = 100;

 protected:
  /// As /proc/PID/stat has it; tests have their own.
  virtual std::optional<std::uint64_t> ticks_of(pid_t process) const;

 private:
  std::map<pid_t, std::uint64_t> before_{};
  std::int64_t since_ms_ = 0;
  std::int64_t last_busy_ms_ = 0;
};

}  // namespace bpfmatrix::guest
