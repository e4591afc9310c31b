#include "guest/loader/libbpf/attach.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "guest/common/system.h"
#include "guest/loader/libbpf/libbpf_log.h"
#include "guest/loader/libbpf/witness.h"

namespace bpfmatrix::guest {

namespace {

constexpr const char* kInterface = "lo";
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

}  // namespace

std::optional<AttachReport> Attacher::attach(const bpf_program* program) {
  LibbpfLog::instance().clear();
  Witness::instance().watch_attach();
  SectionName target = parse_section_name(bpf_program__section_name(program));
  Attempt attempt;
  if (is_xdp_program(program)) {
    target.target = kInterface;
    attempt = attach_xdp(program);
  } else if (is_tc_program(program, target)) {
    attempt = attach_tc(program, target);
    target.target = kInterface;
  } else if (is_cgroup_program(program)) {
    // By whatever word the section says so: "cgroup_skb", "sockops", "cgroup".
    if (bpf_program__type(program) != BPF_PROG_TYPE_LSM) target.method = "cgroup";
    attempt = attach_cgroup(program);
  } else if (bpf_program__type(program) == BPF_PROG_TYPE_PERF_EVENT) {
    target.target = kClock;
    attempt = attach_perf_event(program);
  } else {
    attempt = attach_by_section(program, target);
    // libbpf's own answer when a section names no place: nothing was asked of the kernel.
    const bool asked_nothing = Witness::instance().attach_trace().kernel_calls == 0;
    if (attempt.error == -EOPNOTSUPP && asked_nothing) return std::nullopt;
  }
  if (attempt.undo) undo_.push_back(std::move(attempt.undo));
  any_ = any_ || attempt.error == 0;
  AttachReport report{bpf_program__name(program),
                      {},
                      std::string(target.method),
                      std::string(target.target),
                      attempt.actual};
  if (attempt.error != 0) {
    report.stage = {true, attempt.error, LibbpfLog::instance().message()};
    report.actual.clear();
  }
  return report;
}

Attacher::Attempt Attacher::attach_by_section(const bpf_program* program,
                                              const SectionName& target) {
  bpf_link* link = bpf_program__attach(program);
  if (link == nullptr) return {-errno};
  const std::string& symbol = Witness::instance().attach_trace().symbol;
  return {0, symbol.empty() ? std::string(target.target) : symbol, destroy(link)};
}

Attacher::Attempt Attacher::attach_xdp(const bpf_program* program) {
  // There is one `lo` and room for one program on it: the next one of this object takes its place.
  if (undo_xdp_) {
    std::exchange(undo_xdp_, nullptr)();
    displaced_.push_back(on_xdp_);
  }
  on_xdp_ = bpf_program__name(program);
  const int index = static_cast<int>(::if_nametoindex(kInterface));
  if (bpf_link* link = bpf_program__attach_xdp(program, index); link != nullptr) {
    undo_xdp_ = destroy(link);
    return {0, kInterface, {}};
  }
  if (errno != EINVAL) return {-errno};
  // Before 5.9 (aa8d3a716b59) XDP has no bpf_link.
  const std::uint32_t flags = XDP_FLAGS_SKB_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST;
  const int error = bpf_xdp_attach(index, bpf_program__fd(program), flags, nullptr);
  if (error != 0) return {error};
  undo_xdp_ = [index] { bpf_xdp_detach(index, XDP_FLAGS_SKB_MODE, nullptr); };
  return {0, kInterface, {}};
}

Attacher::Attempt Attacher::attach_tc(const bpf_program* program, const SectionName& target) {
  const int index = static_cast<int>(::if_nametoindex(kInterface));
  if (target.method == "tcx") {
    bpf_link* link = bpf_program__attach_tcx(program, index, nullptr);
    if (link == nullptr) return {-errno};
    return {0, std::string(kInterface) + " " + std::string(target.target), destroy(link)};
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
  return {0, std::string(kInterface) + (egress ? " egress" : " ingress"),
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
