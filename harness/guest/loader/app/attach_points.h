// What an application opens before it attaches a program to it: perf events, the tracepoints and
// probes behind them, and the probes it defines by writing to kprobe_events, as loaders did
// before 4.17.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "guest/loader/app/tracer.h"

namespace bpfmatrix::guest {

struct AttachPoint {
  /// "kprobe", "kretprobe", "uprobe", "uretprobe", "tracepoint", "perf_event".
  std::string method{};
  /// The symbol, "category/name", or "path+0x12".
  std::string place{};
  friend bool operator==(const AttachPoint&, const AttachPoint&) = default;
};

/// "…/events/sched/sched_switch/id" is about "sched/sched_switch"; empty: about no event.
std::string event_of_path(std::string_view path);

struct ProbeDefinition {
  std::string event{};
  AttachPoint point{};
};
/// One line for kprobe_events or uprobe_events: "p:group/name symbol+0". Nothing: it defines none.
std::optional<ProbeDefinition> parse_probe(std::string_view line, bool user_space);

class AttachPoints {
 public:
  AttachPoints();

  /// Notes what the call opened or defined. If it failed, the place that is unavailable.
  std::optional<AttachPoint> take(const SystemCall& call);
  /// What a perf event's descriptor stands for.
  std::optional<AttachPoint> of(pid_t process, int fd) const;

 private:
  using Descriptor = std::pair<pid_t, int>;

  std::optional<AttachPoint> take_open(const SystemCall& call, std::uint64_t name);
  std::optional<AttachPoint> take_write(const SystemCall& call);
  std::optional<AttachPoint> take_perf_event(const SystemCall& call);
  void take_duplicate(const SystemCall& call, std::uint64_t from);
  AttachPoint describe(const Tracee& tracee, std::string_view attr) const;

  /// The types of dynamic perf events here; 0: there is no such.
  std::uint32_t kprobe_type_ = 0;
  std::uint32_t uprobe_type_ = 0;
  std::map<std::uint64_t, std::string> events_by_id_{};
  std::map<std::string, AttachPoint> probes_by_event_{};
  std::map<Descriptor, AttachPoint> open_{};
};

}  // namespace bpfmatrix::guest
