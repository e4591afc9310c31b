#include "guest/loader/common/run_statistics.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

namespace bpfmatrix::guest {

namespace {

bool write_sysctl(std::string_view value) {
  const Fd fd(::open("/proc/sys/kernel/bpf_stats_enabled", O_WRONLY | O_CLOEXEC));
  return fd.valid() && ::write(fd.get(), value.data(), value.size()) > 0;
}

}  // namespace

RunStatisticsSwitch::RunStatisticsSwitch() : counting_(bpf_enable_stats(BPF_STATS_RUN_TIME)) {
  if (!counting_.valid()) by_sysctl_ = write_sysctl("1");
}

RunStatisticsSwitch::~RunStatisticsSwitch() {
  if (by_sysctl_) write_sysctl("0");
}

std::optional<RunStatistics> RunStatisticsSwitch::read(int program_fd) const {
  if (!counting_.valid() && !by_sysctl_) return std::nullopt;
  bpf_prog_info info{};
  std::uint32_t bytes = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &bytes) != 0) return std::nullopt;
  return RunStatistics{info.run_cnt, info.run_time_ns};
}

}  // namespace bpfmatrix::guest
