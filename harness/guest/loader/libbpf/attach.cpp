#include "guest/loader/libbpf/attach.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "guest/common/system.h"
#include "guest/loader/libbpf/libbpf_log.h"
#include "guest/loader/libbpf/witness.h"

namespace bpfmatrix::guest {

namespace {

constexpr const char* kInterface = "lo";
constexpr const char* kNetworkNamespace = "/proc/self/ns/net";
constexpr const char* kClock = "cpu-clock";
constexpr std::uint64_t kClockHz = 250;

std::function<void()> destroy(bpf_link* link) {
  return [link] { bpf_link__destroy(link); };
}

bool is_cgroup_program(const bpf_program* program) {
  switch (bpf_program__type(program)) {
    case BPF_PROG_TYPE_CGROUP_SKB:
      // "cgroup/skb" does not say which way.
      return std::string_view(bpf_program__section_name(program)) != "cgroup/skb";
    case BPF_PROG_TYPE_CGROUP_SOCK:
    case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
    case BPF_PROG_TYPE_CGROUP_DEVICE:
    case BPF_PROG_TYPE_CGROUP_SYSCTL:
    case BPF_PROG_TYPE_CGROUP_SOCKOPT:
    case BPF_PROG_TYPE_SOCK_OPS:
      return true;
    case BPF_PROG_TYPE_LSM:
      return bpf_program__expected_attach_type(program) == BPF_LSM_CGROUP;
    default:
      return false;  // the kernel's own list, and open-ended
  }
}

bool is_tc_program(const bpf_program* program, const SectionName& target) {
  return bpf_program__type(program) == BPF_PROG_TYPE_SCHED_CLS &&
         (target.method == "tc" || target.method == "tcx");
}

bool is_xdp_program(const bpf_program* program) {
  return bpf_program__type(program) == BPF_PROG_TYPE_XDP &&
         bpf_program__expected_attach_type(program) == BPF_XDP;
}

/// Whether one of its function pointers is the program.
bool has_function(bpf_map* map, const bpf_program* program) {
  std::size_t bytes = 0;
  const auto* value = static_cast<const char*>(bpf_map__initial_value(map, &bytes));
  if (value == nullptr) return false;
  for (std::size_t at = 0; at + sizeof(void*) <= bytes; at += sizeof(void*)) {
    if (std::memcmp(value + at, &program, sizeof(void*)) == 0) return true;
  }
  return false;
}

}  // namespace

std::optional<AttachReport> Attacher::attach(const bpf_program* program, const AttachTo& to) {
  LibbpfLog::instance().clear();
  Witness::instance().watch_attach();
  Way way;
  std::optional<Attempt> attempt = attach_as_asked(program, to, way);
  if (!attempt) attempt = attach_as_usual(program, to, way);
  if (!attempt) return std::nullopt;
  if (attempt->undo) undo_.push_back(std::move(attempt->undo));
  any_ = any_ || attempt->error == 0;
  AttachReport report{bpf_program__name(program), {}, way.method, way.requested, attempt->actual};
  if (attempt->error != 0) {
    report.stage = {true, attempt->error, LibbpfLog::instance().message()};
    report.actual.clear();
  }
  return report;
}

/// Where user space names a function, a tracepoint or a place in a file; other names say which
/// interface or map it is that the program's type is attached to.
std::optional<Attacher::Attempt> Attacher::attach_as_asked(const bpf_program* program,
                                                           const AttachTo& to, Way& way) {
  const SectionName section = parse_section_name(bpf_program__section_name(program));
  way.method = section.method;
  if (to.file) {
    way.requested = *to.file + ":" + to.symbol.value_or("") +
                    (to.offset ? "+" + std::to_string(*to.offset) : std::string());
    return attach_uprobe(program, to);
  }
  if (to.tracepoint) {
    way.requested = *to.tracepoint;
    const std::size_t colon = to.tracepoint->find(':');
    const std::string category = to.tracepoint->substr(0, colon);
    const std::string name = to.tracepoint->substr(std::min(colon + 1, to.tracepoint->size()));
    const bool is_raw = bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT;
    bpf_link* link = is_raw
                         ? bpf_program__attach_raw_tracepoint(program, name.c_str())
                         : bpf_program__attach_tracepoint(program, category.c_str(), name.c_str());
    if (link == nullptr) return Attempt{-errno};
    return Attempt{0, *to.tracepoint, destroy(link)};
  }
  if (to.function && bpf_program__type(program) == BPF_PROG_TYPE_KPROBE) {
    way.requested = *to.function;
    bpf_link* link =
        bpf_program__attach_kprobe(program, section.method == "kretprobe", to.function->c_str());
    if (link == nullptr) return Attempt{-errno};
    const std::string& symbol = Witness::instance().attach_trace().symbol;
    return Attempt{0, symbol.empty() ? *to.function : symbol, destroy(link)};
  }
  return std::nullopt;
}

std::optional<Attacher::Attempt> Attacher::attach_as_usual(const bpf_program* program,
                                                           const AttachTo& to, Way& way) {
  const SectionName target = parse_section_name(bpf_program__section_name(program));
  way = {std::string(target.method), to.function.value_or(std::string(target.target))};
  const std::string interface = to.interface.value_or(kInterface);
  if (is_xdp_program(program)) {
    way.requested = interface;
    return attach_xdp(program, interface);
  }
  if (is_tc_program(program, target)) {
    way.requested = interface;
    return attach_tc(program, target, interface);
  }
  if (is_cgroup_program(program)) {
    // By whatever word the section says so: "cgroup_skb", "sockops", "cgroup".
    if (bpf_program__type(program) != BPF_PROG_TYPE_LSM) way.method = "cgroup";
    return attach_cgroup(program);
  }
  if (bpf_program__type(program) == BPF_PROG_TYPE_PERF_EVENT) {
    way.requested = kClock;
    return attach_perf_event(program);
  }
  if (std::optional<Attempt> by_type = attach_by_type(program, to, way)) return by_type;
  Attempt attempt = attach_by_section(program, target);
  // libbpf's own answer when a section names no place: nothing was asked of the kernel.
  const bool asked_nothing = Witness::instance().attach_trace().kernel_calls == 0;
  if (attempt.error == -EOPNOTSUPP && asked_nothing) return std::nullopt;
  return attempt;
}

/// What libbpf does not attach by itself, because it wants to be told what to.
std::optional<Attacher::Attempt> Attacher::attach_by_type(const bpf_program* program,
                                                          const AttachTo& to, Way& way) {
  switch (bpf_program__type(program)) {
    case BPF_PROG_TYPE_SK_LOOKUP:
    case BPF_PROG_TYPE_FLOW_DISSECTOR:
      way.requested = kNetworkNamespace;
      return attach_netns(program);
    case BPF_PROG_TYPE_SK_MSG:
    case BPF_PROG_TYPE_SK_SKB:
      return attach_sockets(program, to, way);
    case BPF_PROG_TYPE_LWT_IN:
    case BPF_PROG_TYPE_LWT_OUT:
    case BPF_PROG_TYPE_LWT_XMIT:
      return attach_lwt(program, way);
    case BPF_PROG_TYPE_SOCKET_FILTER:
      way.requested = kInterface;
      return attach_socket_filter(program);
    case BPF_PROG_TYPE_STRUCT_OPS:
      return attach_struct_ops(program, way);
    case BPF_PROG_TYPE_SCHED_CLS:
      if (way.method != "netkit") return std::nullopt;
      way.requested += way.requested.empty() ? "netkit" : " of a netkit";
      return attach_netkit(program);
    default:
      return std::nullopt;  // the kernel's own list, and open-ended
  }
}

Attacher::Attempt Attacher::attach_by_section(const bpf_program* program,
                                              const SectionName& target) {
  bpf_link* link = bpf_program__attach(program);
  if (link == nullptr) return {-errno};
  const std::string& symbol = Witness::instance().attach_trace().symbol;
  return {0, symbol.empty() ? std::string(target.target) : symbol, destroy(link)};
}

Attacher::Attempt Attacher::attach_uprobe(const bpf_program* program, const AttachTo& to) {
  const SectionName section = parse_section_name(bpf_program__section_name(program));
  bpf_uprobe_opts options{};
  options.sz = sizeof options;
  options.retprobe = section.method == "uretprobe";
  options.func_name = to.symbol ? to.symbol->c_str() : nullptr;
  bpf_link* link = bpf_program__attach_uprobe_opts(program, -1, to.file->c_str(),
                                                   to.offset.value_or(0), &options);
  if (link == nullptr) return {-errno};
  return {0, *to.file + ":" + to.symbol.value_or(""), destroy(link)};
}

int Attacher::interface_index(const std::string& name) {
  if (name == "veth" || name == "netkit") {
    const auto [pair, is_new] = pairs_.try_emplace(name);
    if (is_new) {
      if (const int error = make_pair_of(name, pair->second); error != 0) {
        pairs_.erase(pair);
        return error;
      }
      undo_.emplace_back([index = pair->second.index] { remove_interface(index); });
    }
    return pair->second.index;
  }
  const unsigned index = ::if_nametoindex(name.c_str());
  return index != 0 ? static_cast<int>(index) : -errno;
}

Attacher::Attempt Attacher::attach_netkit(const bpf_program* program) {
  const int index = interface_index("netkit");
  if (index < 0) return {index};
  bpf_link* link = bpf_program__attach_netkit(program, index, nullptr);
  if (link == nullptr) return {-errno};
  return {0, pairs_.at("netkit").name, destroy(link)};
}

/// The guest has one network namespace.
Attacher::Attempt Attacher::attach_netns(const bpf_program* program) {
  // A kernel without CONFIG_NET_NS has no such file, and one namespace.
  const Fd netns(::open(kNetworkNamespace, O_RDONLY | O_CLOEXEC));
  bpf_link* link = netns.valid() ? bpf_program__attach_netns(program, netns.get()) : nullptr;
  if (link != nullptr) return {0, kNetworkNamespace, destroy(link)};
  const int error = errno;
  const bool is_dissector = bpf_program__type(program) == BPF_PROG_TYPE_FLOW_DISSECTOR;
  if (!is_dissector || (netns.valid() && error != EINVAL)) return {-error};
  // Before 5.8 (7f045a49fee0) namespaces have no bpf_link.
  const int fd = bpf_program__fd(program);
  const int attached = bpf_prog_attach(fd, 0, BPF_FLOW_DISSECTOR, 0);
  if (attached != 0) return {attached};
  return {0, kNetworkNamespace, [fd] { bpf_prog_detach2(fd, 0, BPF_FLOW_DISSECTOR); }};
}

/// To the sockets of a map: the one that is named, or the object's first. Nothing: it has none.
std::optional<Attacher::Attempt> Attacher::attach_sockets(const bpf_program* program,
                                                          const AttachTo& to, Way& way) {
  const bpf_attach_type type = bpf_program__expected_attach_type(program);
  if (bpf_program__type(program) == BPF_PROG_TYPE_SK_SKB && type == 0 &&
      std::string_view(bpf_program__section_name(program)) == "sk_skb")
    return std::nullopt;
  const bpf_map* sockets = nullptr;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_) {
    const bpf_map_type kind = bpf_map__type(map);
    if (kind != BPF_MAP_TYPE_SOCKMAP && kind != BPF_MAP_TYPE_SOCKHASH) continue;
    if (sockets == nullptr && (!to.map || *to.map == bpf_map__name(map))) sockets = map;
  }
  if (sockets == nullptr || bpf_map__fd(sockets) < 0) return std::nullopt;
  way.requested = bpf_map__name(sockets);
  const int fd = bpf_program__fd(program);
  const int map_fd = bpf_map__fd(sockets);
  if (const int error = bpf_prog_attach(fd, map_fd, type, 0); error != 0) return Attempt{error};
  return Attempt{0, way.requested, [fd, map_fd, type] { bpf_prog_detach2(fd, map_fd, type); }};
}

Attacher::Attempt Attacher::attach_lwt(const bpf_program* program, Way& way) {
  const int number = ++lwt_routes_;
  way.requested = lwt_route(number);
  const int error = add_lwt_route(number, bpf_program__type(program), bpf_program__fd(program));
  if (error != 0) return {error};
  return {0, way.requested, [number] { remove_lwt_route(number); }};
}

Attacher::Attempt Attacher::attach_socket_filter(const bpf_program* program) {
  const auto socket = std::make_shared<Fd>(
      ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
  if (!socket->valid()) return {-errno};
  const int fd = bpf_program__fd(program);
  if (::setsockopt(socket->get(), SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof fd) != 0) return {-errno};
  return {0, kInterface, [socket] { socket->reset(); }};
}

/// A program is attached once each map that has it is registered. libbpf keeps a struct_ops map's
/// functions as addresses of its programs where the map's value has room for them
/// (bpf_map__initial_value(), libbpf 1.4).
std::optional<Attacher::Attempt> Attacher::attach_struct_ops(const bpf_program* program, Way& way) {
  std::optional<Attempt> attempt;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_) {
    if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS || bpf_map__fd(map) < 0) continue;
    if (!has_function(map, program)) continue;
    const auto [known, is_new] = registered_.try_emplace(map, 0);
    if (is_new) {
      bpf_link* link = bpf_map__attach_struct_ops(map);
      known->second = link != nullptr ? 0 : -errno;
      if (link != nullptr) undo_.push_back(destroy(link));
    }
    if (attempt && attempt->error != 0) continue;
    way.requested = bpf_map__name(map);
    attempt = Attempt{known->second, way.requested, {}};
  }
  return attempt;
}

Attacher::Attempt Attacher::attach_xdp(const bpf_program* program, const std::string& interface) {
  // Room is for one program on an interface: the next one of this object takes its place.
  if (undo_xdp_) {
    std::exchange(undo_xdp_, nullptr)();
    displaced_.push_back(on_xdp_);
  }
  on_xdp_ = bpf_program__name(program);
  const int index = interface_index(interface);
  if (index < 0) return {index};
  if (bpf_link* link = bpf_program__attach_xdp(program, index); link != nullptr) {
    undo_xdp_ = destroy(link);
    return {0, interface, {}};
  }
  if (errno != EINVAL) return {-errno};
  // Before 5.9 (aa8d3a716b59) XDP has no bpf_link.
  const std::uint32_t flags = XDP_FLAGS_SKB_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST;
  const int error = bpf_xdp_attach(index, bpf_program__fd(program), flags, nullptr);
  if (error != 0) return {error};
  undo_xdp_ = [index] { bpf_xdp_detach(index, XDP_FLAGS_SKB_MODE, nullptr); };
  return {0, interface, {}};
}

Attacher::Attempt Attacher::attach_tc(const bpf_program* program, const SectionName& target,
                                      const std::string& interface) {
  const int index = interface_index(interface);
  if (index < 0) return {index};
  if (target.method == "tcx") {
    bpf_link* link = bpf_program__attach_tcx(program, index, nullptr);
    if (link == nullptr) return {-errno};
    return {0, interface + " " + std::string(target.target), destroy(link)};
  }
  const bool egress = target.target.starts_with("egress");
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = index;
  hook.attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
  int error = bpf_tc_hook_create(&hook);
  if (error != 0 && error != -EEXIST) return {error};
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = bpf_program__fd(program);
  error = bpf_tc_attach(&hook, &options);
  if (error != 0) return {error};
  hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
  return {0, interface + (egress ? " egress" : " ingress"),
          [hook]() mutable { bpf_tc_hook_destroy(&hook); }};
}

int Attacher::open_cgroup() {
  if (!cgroup_.valid()) {
    if (::mkdir(kCellCgroup, 0755) != 0 && errno != EEXIST) return -errno;
    undo_.emplace_back([] { ::rmdir(kCellCgroup); });
    cgroup_ = Fd(::open(kCellCgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  return cgroup_.valid() ? 0 : -errno;
}

Attacher::Attempt Attacher::attach_cgroup(const bpf_program* program) {
  if (const int error = open_cgroup(); error != 0) return {error};
  const int cgroup = cgroup_.get();
  if (bpf_link* link = bpf_program__attach_cgroup(program, cgroup); link != nullptr) {
    return {0, kCellCgroup, destroy(link)};
  }
  if (errno != EINVAL) return {-errno};
  // Before 5.7 (af6eea57437a) cgroups have no bpf_link.
  const int fd = bpf_program__fd(program);
  const bpf_attach_type type = bpf_program__expected_attach_type(program);
  const int error = bpf_prog_attach(fd, cgroup, type, BPF_F_ALLOW_MULTI);
  if (error != 0) return {error};
  return {0, kCellCgroup, [fd, cgroup, type] { bpf_prog_detach2(fd, cgroup, type); }};
}

/// To the one event that every machine has, also where it counts no cycles: the processor's clock.
Attacher::Attempt Attacher::attach_perf_event(const bpf_program* program) {
  perf_event_attr event{};
  event.size = sizeof event;
  event.type = PERF_TYPE_SOFTWARE;
  event.config = PERF_COUNT_SW_CPU_CLOCK;
  event.freq = 1;
  event.sample_freq = kClockHz;
  std::vector<bpf_link*> links;
  const std::function<void()> undo = [&links] {
    for (bpf_link* link : links) bpf_link__destroy(link);
  };
  for (int cpu = 0; cpu < ::get_nprocs(); ++cpu) {
    const long fd = ::syscall(SYS_perf_event_open, &event, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    bpf_link* link = nullptr;
    int error = fd < 0 ? -errno : 0;
    if (fd >= 0) link = bpf_program__attach_perf_event(program, static_cast<int>(fd));
    if (fd >= 0 && link == nullptr) {
      error = -errno;
      ::close(static_cast<int>(fd));
    }
    if (error != 0) {
      undo();
      return {error};
    }
    links.push_back(link);
  }
  return {0, kClock, [links] {
            for (bpf_link* link : links) bpf_link__destroy(link);
          }};
}

void Attacher::detach() {
  if (undo_xdp_) std::exchange(undo_xdp_, nullptr)();
  while (!undo_.empty()) {
    undo_.back()();
    undo_.pop_back();
  }
  cgroup_.reset();
}

}  // namespace bpfmatrix::guest
