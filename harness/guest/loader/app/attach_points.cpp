#include "guest/loader/app/attach_points.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <cstring>

#include "base/file.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxDefinition = 512;
/// A hostile application must not fill our memory.
constexpr std::size_t kMaxPointsKept = 65536;

std::uint64_t number_in(const std::string& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  char text[32] = {};
  (void)!::read(fd.get(), text, sizeof text - 1);
  return std::strtoull(text, nullptr, 10);
}

std::uint32_t perf_type(std::string_view name) {
  return static_cast<std::uint32_t>(
      number_in(fmt::format("/sys/bus/event_source/devices/{}/type", name)));
}

perf_event_attr perf_attributes(std::string_view bytes) {
  perf_event_attr attr;
  std::memset(&attr, 0, sizeof attr);
  std::memcpy(&attr, bytes.data(), std::min(bytes.size(), sizeof attr));
  return attr;
}

template <typename Map>
void keep(Map& map, typename Map::key_type key, typename Map::mapped_type value) {
  if (map.size() < kMaxPointsKept || map.contains(key)) map[std::move(key)] = std::move(value);
}

}  // namespace

std::string event_of_path(std::string_view path) {
  constexpr std::string_view kEvents = "/events/";
  constexpr std::string_view kId = "/id";
  const std::size_t at = path.find(kEvents);
  if (at == std::string_view::npos || !path.ends_with(kId)) return {};
  const std::size_t start = at + kEvents.size();
  return path.size() > start + kId.size()
             ? std::string(path.substr(start, path.size() - start - kId.size()))
             : std::string();
}

std::optional<ProbeDefinition> parse_probe(std::string_view line, bool user_space) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const bool returns = line.starts_with('r');
  const std::size_t colon = line.find(':');
  const std::size_t space = line.find(' ');
  if ((!returns && !line.starts_with('p')) || colon == std::string_view::npos ||
      space == std::string_view::npos || colon > space) {
    return std::nullopt;
  }
  std::string event(line.substr(colon + 1, space - colon - 1));
  // The kernel's own group where none is given.
  if (event.find('/') == std::string::npos) {
    event.insert(0, user_space ? "uprobes/" : "kprobes/");
  }
  std::string_view place = line.substr(space + 1);
  place = place.substr(0, place.find(' '));
  if (place.ends_with("+0")) place.remove_suffix(2);
  const char* method =
      user_space ? (returns ? "uretprobe" : "uprobe") : (returns ? "kretprobe" : "kprobe");
  return ProbeDefinition{std::move(event), {method, std::string(place)}};
}

AttachPoints::AttachPoints()
    : kprobe_type_(perf_type("kprobe")), uprobe_type_(perf_type("uprobe")) {}

std::optional<AttachPoint> AttachPoints::take(const SystemCall& call) {
  switch (call.number) {
#ifdef SYS_open
    case SYS_open:
      return take_open(call, call.arguments[0]);
#endif
    case SYS_openat:
      return take_open(call, call.arguments[1]);
    case SYS_write:
      return take_write(call);
    case SYS_perf_event_open:
      return take_perf_event(call);
    case SYS_fcntl:
      if (call.arguments[1] != F_DUPFD && call.arguments[1] != F_DUPFD_CLOEXEC) break;
      take_duplicate(call, call.arguments[0]);
      break;
    case SYS_dup:
#ifdef SYS_dup2
    case SYS_dup2:
#endif
    case SYS_dup3:
      take_duplicate(call, call.arguments[0]);
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<AttachPoint> AttachPoints::of(pid_t process, int fd) const {
  const auto found = open_.find({process, fd});
  return found != open_.end() ? std::optional(found->second) : std::nullopt;
}

/// A loader reads the number of a tracepoint from its `id` before it opens a perf event for it.
std::optional<AttachPoint> AttachPoints::take_open(const SystemCall& call, std::uint64_t name) {
  const std::string path = call.tracee.read_text(name, kMaxPath);
  const std::string event = event_of_path(path);
  if (event.empty()) return std::nullopt;
  if (call.error() == ENOENT) return AttachPoint{"tracepoint", event};
  if (call.error() == 0) keep(events_by_id_, number_in(path), event);
  return std::nullopt;
}

std::optional<AttachPoint> AttachPoints::take_write(const SystemCall& call) {
  if (call.arguments[2] > kMaxDefinition) return std::nullopt;
  const auto text = call.tracee.read(call.arguments[1], call.arguments[2]);
  if (!text || !(text->starts_with('p') || text->starts_with('r'))) return std::nullopt;
  const std::string file = call.tracee.target(static_cast<int>(call.arguments[0]));
  const bool user_space = file.ends_with("/uprobe_events");
  if (!user_space && !file.ends_with("/kprobe_events")) return std::nullopt;
  const std::optional<ProbeDefinition> probe = parse_probe(*text, user_space);
  if (!probe) return std::nullopt;
  if (call.error() != 0) return probe->point;
  keep(probes_by_event_, probe->event, probe->point);
  return std::nullopt;
}

AttachPoint AttachPoints::describe(const Tracee& tracee, std::string_view bytes) const {
  const perf_event_attr attr = perf_attributes(bytes);
  const bool returns = (attr.config & 1) != 0;
  if (attr.type == PERF_TYPE_TRACEPOINT) {
    const auto event = events_by_id_.find(attr.config);
    if (event == events_by_id_.end()) return {"tracepoint", fmt::format("id {}", attr.config)};
    const auto probe = probes_by_event_.find(event->second);
    return probe != probes_by_event_.end() ? probe->second
                                           : AttachPoint{"tracepoint", event->second};
  }
  if (kprobe_type_ != 0 && attr.type == kprobe_type_) {
    return {returns ? "kretprobe" : "kprobe", tracee.read_text(attr.config1, kMaxPath)};
  }
  if (uprobe_type_ != 0 && attr.type == uprobe_type_) {
    const std::string path = tracee.read_text(attr.config1, kMaxPath);
    return {returns ? "uretprobe" : "uprobe", fmt::format("{}+{:#x}", path, attr.config2)};
  }
  return {"perf_event", fmt::format("type {}, config {}", attr.type, attr.config)};
}

std::optional<AttachPoint> AttachPoints::take_perf_event(const SystemCall& call) {
  const auto size = call.tracee.read(call.arguments[0] + offsetof(perf_event_attr, size), 4);
  std::uint32_t bytes = 0;
  if (size) std::memcpy(&bytes, size->data(), sizeof bytes);
  if (bytes == 0) bytes = PERF_ATTR_SIZE_VER0;
  const auto attr =
      call.tracee.read(call.arguments[0], std::min<std::size_t>(bytes, sizeof(perf_event_attr)));
  if (!attr) return std::nullopt;
  AttachPoint point = describe(call.tracee, *attr);
  if (call.error() != 0) return point;
  keep(open_, {call.process, static_cast<int>(call.result)}, std::move(point));
  return std::nullopt;
}

void AttachPoints::take_duplicate(const SystemCall& call, std::uint64_t from) {
  const auto point = of(call.process, static_cast<int>(from));
  if (point && call.error() == 0)
    keep(open_, {call.process, static_cast<int>(call.result)}, *point);
}

}  // namespace bpfmatrix::guest
