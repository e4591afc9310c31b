// Attach types and ways to attach: by an attempt that fails at the right place, or by attaching and
// letting go.
#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "guest/probe/questions.h"
#include "guest/probe/report.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::uint32_t kKprobeMulti = 42;
constexpr std::uint32_t kTcxIngress = 46;
constexpr std::uint32_t kUprobeMulti = 48;
constexpr std::uint32_t kKprobeSession = 56;

struct KnownAttachType {
  const char* name;
  std::uint32_t type;
};

// The kernel looks at the type first and at the program, which is none, then.
constexpr KnownAttachType kByAttach[] = {
    {"BPF_CGROUP_INET_INGRESS", 0},
    {"BPF_CGROUP_INET_EGRESS", 1},
    {"BPF_CGROUP_INET_SOCK_CREATE", 2},
    {"BPF_CGROUP_SOCK_OPS", 3},
    {"BPF_SK_SKB_STREAM_PARSER", 4},
    {"BPF_SK_SKB_STREAM_VERDICT", 5},
    {"BPF_CGROUP_DEVICE", 6},
    {"BPF_SK_MSG_VERDICT", 7},
    {"BPF_CGROUP_INET4_BIND", 8},
    {"BPF_CGROUP_INET6_BIND", 9},
    {"BPF_CGROUP_INET4_CONNECT", 10},
    {"BPF_CGROUP_INET6_CONNECT", 11},
    {"BPF_CGROUP_INET4_POST_BIND", 12},
    {"BPF_CGROUP_INET6_POST_BIND", 13},
    {"BPF_CGROUP_UDP4_SENDMSG", 14},
    {"BPF_CGROUP_UDP6_SENDMSG", 15},
    {"BPF_LIRC_MODE2", 16},
    {"BPF_FLOW_DISSECTOR", 17},
    {"BPF_CGROUP_SYSCTL", 18},
    {"BPF_CGROUP_UDP4_RECVMSG", 19},
    {"BPF_CGROUP_UDP6_RECVMSG", 20},
    {"BPF_CGROUP_GETSOCKOPT", 21},
    {"BPF_CGROUP_SETSOCKOPT", 22},
    {"BPF_CGROUP_INET4_GETPEERNAME", 29},
    {"BPF_CGROUP_INET6_GETPEERNAME", 30},
    {"BPF_CGROUP_INET4_GETSOCKNAME", 31},
    {"BPF_CGROUP_INET6_GETSOCKNAME", 32},
    {"BPF_CGROUP_INET_SOCK_RELEASE", 34},
    {"BPF_SK_LOOKUP", 36},
    {"BPF_XDP", 37},
    {"BPF_SK_SKB_VERDICT", 38},
    {"BPF_LSM_CGROUP", 43},
    {"BPF_TCX_INGRESS", kTcxIngress},
    {"BPF_TCX_EGRESS", 47},
    {"BPF_NETKIT_PRIMARY", 54},
    {"BPF_NETKIT_PEER", 55},
};

Probed ask_by_attach(std::uint32_t type) {
  bpf_attr attr{};
  attr.target_fd = static_cast<std::uint32_t>(-1);
  attr.attach_bpf_fd = static_cast<std::uint32_t>(-1);
  attr.attach_type = type;
  const Attempt attempt = call_bpf(BPF_PROG_ATTACH, attr);
  if (attempt.error == EBADF) return {Answer::yes, attempt.error};
  return answer_of(attempt, {EINVAL});
}

/// For types that are checked when a program is loaded. A kernel that takes any number there checks
/// nothing, and so has no such thing.
Probed ask_by_load(std::uint32_t program_type, std::uint32_t attach_type) {
  const Attempt control = load_program({program_type, kNoSuchNumber}, return_zero());
  if (control.accepted()) return {Answer::no};
  return answer_of(load_program({program_type, attach_type}, return_zero()), {EINVAL});
}

Attempt load_tracing(std::uint32_t attach_type, std::uint32_t btf_id) {
  return load_program({BPF_PROG_TYPE_TRACING, attach_type, btf_id}, return_zero());
}

/// By its target in the kernel's BTF; without BTF there is nothing to attach to.
Probed ask_tracing(std::uint32_t attach_type, const std::optional<std::uint32_t>& target) {
  if (!target) return {};
  return answer_of(load_tracing(attach_type, *target), {EINVAL, ENOTSUP, kNotSupported});
}

Attempt link(std::uint32_t program, std::uint32_t target, std::uint32_t attach_type) {
  bpf_attr attr{};
  attr.link_create.prog_fd = program;
  attr.link_create.target_fd = target;
  attr.link_create.attach_type = static_cast<bpf_attach_type>(attach_type);
  return call_bpf(BPF_LINK_CREATE, attr);
}

/// One that ends at the descriptor of its target, which is none: EBADF from who knows the way.
Probed ask_link(std::uint32_t program_type, std::uint32_t attach_type) {
  const Attempt program = load_program({program_type, attach_type}, return_zero());
  if (!program.accepted()) return {Answer::unknown, program.error};
  const Attempt attempt = link(static_cast<std::uint32_t>(program.fd.get()),
                               static_cast<std::uint32_t>(-1), attach_type);
  if (attempt.error == EBADF) return {Answer::yes, attempt.error};
  return answer_of(attempt, {EINVAL, EOPNOTSUPP});
}

/// On `lo`, for a moment.
Probed ask_interface_link(std::uint32_t program_type, std::uint32_t attach_type) {
  const Attempt program = load_program({program_type, attach_type}, return_zero());
  if (!program.accepted()) return {Answer::unknown, program.error};
  return answer_of(
      link(static_cast<std::uint32_t>(program.fd.get()), ::if_nametoindex("lo"), attach_type),
      {EINVAL, EOPNOTSUPP});
}

/// On a function that only the kernel's own tests call.
Probed ask_kprobe_multi(std::uint32_t attach_type) {
  const Attempt program = load_program({BPF_PROG_TYPE_KPROBE, attach_type}, return_zero());
  if (!program.accepted()) return {Answer::unknown, program.error};
  const char* const symbols[] = {"bpf_fentry_test1"};
  bpf_attr attr{};
  attr.link_create.prog_fd = static_cast<std::uint32_t>(program.fd.get());
  attr.link_create.attach_type = static_cast<bpf_attach_type>(attach_type);
  attr.link_create.kprobe_multi.syms = reinterpret_cast<std::uintptr_t>(symbols);
  attr.link_create.kprobe_multi.cnt = 1;
  return answer_of(call_bpf(BPF_LINK_CREATE, attr), {EINVAL, EOPNOTSUPP});
}

/// link_create.uprobe_multi came in 6.6; the header this is built with may be older.
struct UprobeMulti {
  std::uint32_t prog_fd = 0;
  std::uint32_t target_fd = 0;
  std::uint32_t attach_type = kUprobeMulti;
  std::uint32_t flags = 0;
  std::uint64_t path = 0;
  std::uint64_t offsets = 0;
  std::uint64_t ref_ctr_offsets = 0;
  std::uint64_t cookies = 0;
  std::uint32_t cnt = 1;
  std::uint32_t more_flags = 0;
  std::uint32_t pid = 0;
};

/// On "/", which is no file: EBADF from who knows uprobe.multi.
Probed ask_uprobe_multi() {
  const Attempt program = load_program({BPF_PROG_TYPE_KPROBE, kUprobeMulti}, return_zero());
  if (!program.accepted()) return {Answer::unknown, program.error};
  const std::uint64_t offset = 0;
  UprobeMulti multi;
  multi.prog_fd = static_cast<std::uint32_t>(program.fd.get());
  multi.path = reinterpret_cast<std::uintptr_t>("/");
  multi.offsets = reinterpret_cast<std::uintptr_t>(&offset);
  bpf_attr attr{};
  static_assert(sizeof multi <= sizeof attr);
  std::memcpy(&attr, &multi, sizeof multi);
  const Attempt attempt = call_bpf(BPF_LINK_CREATE, attr);
  if (attempt.error == EBADF) return {Answer::yes, attempt.error};
  return answer_of(attempt, {EINVAL, EOPNOTSUPP});
}

Attempt open_raw_tracepoint(const Attempt& program, const char* name) {
  bpf_attr attr{};
  attr.raw_tracepoint.name = reinterpret_cast<std::uintptr_t>(name);
  attr.raw_tracepoint.prog_fd = static_cast<std::uint32_t>(program.fd.get());
  return call_bpf(BPF_RAW_TRACEPOINT_OPEN, attr);
}

/// A program that attaches where its BTF id says. ENOTSUPP: no trampoline on this architecture.
Probed ask_trampoline(const ProgramSpec& spec) {
  const Attempt program = load_program(spec, return_zero());
  if (!program.accepted()) {
    return answer_of(program, {EINVAL, ENOTSUP, kNotSupported});
  }
  return answer_of(open_raw_tracepoint(program, nullptr), {EINVAL, ENOTSUP, kNotSupported});
}

/// Without BTF nothing that needs a BTF id of the kernel's can be.
Probed ask_trampoline(std::uint32_t type, std::uint32_t attach_type,
                      const std::optional<std::uint32_t>& target) {
  if (target) return ask_trampoline({type, attach_type, *target});
  const bool btf = ::access("/sys/kernel/btf/vmlinux", F_OK) == 0;
  return {btf ? Answer::unknown : Answer::no};
}

Probed ask_raw_tracepoint() {
  const Attempt program = load_program({BPF_PROG_TYPE_RAW_TRACEPOINT}, return_zero());
  if (!program.accepted()) return {Answer::unknown, program.error};
  return answer_of(open_raw_tracepoint(program, "sys_enter"), {EINVAL});
}

Probed ask_file(const char* path) {
  if (::access(path, F_OK) == 0) return {Answer::yes};
  return {errno == ENOENT ? Answer::no : Answer::unknown, errno};
}

}  // namespace

void probe_attach_types(const ProbeTargets& targets) {
  const auto say = [](const char* name, const Probed& probed) {
    report_probed("attach_type", name, probed);
  };
  for (const KnownAttachType& known : kByAttach) say(known.name, ask_by_attach(known.type));
  say("BPF_SK_REUSEPORT_SELECT", ask_by_load(BPF_PROG_TYPE_SK_REUSEPORT, 39));
  say("BPF_SK_REUSEPORT_SELECT_OR_MIGRATE", ask_by_load(BPF_PROG_TYPE_SK_REUSEPORT, 40));
  say("BPF_TRACE_RAW_TP", ask_tracing(BPF_TRACE_RAW_TP, targets.tracepoint));
  say("BPF_TRACE_FENTRY", ask_tracing(BPF_TRACE_FENTRY, targets.function));
  say("BPF_TRACE_FEXIT", ask_tracing(BPF_TRACE_FEXIT, targets.function));
  say("BPF_TRACE_ITER", ask_tracing(BPF_TRACE_ITER, targets.iterator));
  say("BPF_PERF_EVENT", ask_link(BPF_PROG_TYPE_TRACEPOINT, BPF_PERF_EVENT));
  say("BPF_TRACE_KPROBE_MULTI", ask_kprobe_multi(kKprobeMulti));
  say("BPF_TRACE_KPROBE_SESSION", ask_kprobe_multi(kKprobeSession));
  say("BPF_TRACE_UPROBE_MULTI", ask_uprobe_multi());
}

void probe_attach_ways(const ProbeTargets& targets) {
  const auto say = [](const char* name, const Probed& probed) {
    report_probed("attach", name, probed);
  };
  say("kprobe", ask_file("/sys/bus/event_source/devices/kprobe/type"));
  say("uprobe", ask_file("/sys/bus/event_source/devices/uprobe/type"));
  say("tracepoint", ask_file("/sys/kernel/tracing/events"));
  say("raw_tracepoint", ask_raw_tracepoint());
  say("perf_link", ask_link(BPF_PROG_TYPE_TRACEPOINT, BPF_PERF_EVENT));
  say("cgroup_link", ask_link(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS));
  say("xdp_link", ask_interface_link(BPF_PROG_TYPE_XDP, BPF_XDP));
  say("tcx_link", ask_interface_link(BPF_PROG_TYPE_SCHED_CLS, kTcxIngress));
  say("kprobe_multi", ask_kprobe_multi(kKprobeMulti));
  say("uprobe_multi", ask_uprobe_multi());
  say("fentry", ask_trampoline(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, targets.function));
  say("fexit", ask_trampoline(BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, targets.function));
  say("tp_btf", ask_trampoline(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, targets.tracepoint));
  say("lsm", ask_trampoline(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, targets.lsm_hook));
  // Two words of has() that stand for a whole way to attach.
  report_probed("behaviour", "fentry",
                ask_trampoline(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, targets.function));
  report_probed("behaviour", "kprobe_multi", ask_kprobe_multi(kKprobeMulti));
}

}  // namespace bpfmatrix::guest
