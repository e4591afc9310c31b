#include "guest/agent/standby.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/file.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

/// It parses the kernel's BTF meanwhile: 0.1 s emulated, on a machine that does nothing else.
constexpr std::int64_t kStartMs = 20'000;
constexpr std::size_t kMaxStat = 4096;

/// "9 (loader-libbpf) S 1 ...": the letter after the name, which may hold anything.
bool is_asleep(pid_t pid) {
  const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", pid), kMaxStat);
  const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
  return name_end != std::string::npos && stat->substr(name_end).starts_with(") S");
}

bool falls_asleep(pid_t pid) {
  const std::int64_t end = uptime_ms() + kStartMs;
  while (!is_asleep(pid)) {
    if (uptime_ms() >= end) return false;
    const timespec moment{0, 2'000'000};
    ::nanosleep(&moment, nullptr);
  }
  return true;
}

/// But for how long it may take and how its input ends, which the agent sees to.
bool wants(const RunRequest& run, const RunRequest& as) {
  return run.argv == as.argv && run.hide_btf == as.hide_btf && run.environment == as.environment &&
         run.memlock_bytes == as.memlock_bytes && !run.limit_capabilities && run.lockdown.empty();
}

}  // namespace

Result<> Standby::start(const std::vector<std::string>& argv) {
  if (argv.empty()) return {};
  for (const bool hide_btf : {false, true}) {
    RunRequest as{.argv = argv, .hide_btf = hide_btf};
    RunRequest waiting = as;
    waiting.environment[kStandbyVariable] = "1";
    Result<Child> child = start_child(waiting);
    if (!child) return std::move(child).error();
    if (!falls_asleep(child->pid)) return Error{fmt::format("'{}' does not wait", argv[0])};
    waiting_.push_back({std::move(as), *std::move(child)});
  }
  return {};
}

std::optional<Child> Standby::take(const RunRequest& run) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& one) { return wants(run, one.as); });
  if (found == waiting_.end()) return std::nullopt;
  Child child = std::move(found->child);
  waiting_.erase(found);
  return child;
}

}  // namespace bpfmatrix::guest
