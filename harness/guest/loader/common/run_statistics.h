// The kernel's own count of how often and how long each BPF program ran.
#pragma once

#include <cstdint>
#include <optional>

#include "base/fd.h"

namespace bpfmatrix::guest {

struct RunStatistics {
  std::uint64_t run_cnt = 0;
  std::uint64_t run_time_ns = 0;
};

/// The kernel counts while one of these lives: by BPF_ENABLE_STATS (5.8), by
/// kernel.bpf_stats_enabled (5.1), or not at all.
class RunStatisticsSwitch {
 public:
  RunStatisticsSwitch();
  RunStatisticsSwitch(const RunStatisticsSwitch&) = delete;
  RunStatisticsSwitch& operator=(const RunStatisticsSwitch&) = delete;
  ~RunStatisticsSwitch();

  /// Nothing where the kernel does not count.
  std::optional<RunStatistics> read(int program_fd) const;

 private:
  Fd counting_{};
  bool by_sysctl_ = false;
};

}  // namespace bpfmatrix::guest
