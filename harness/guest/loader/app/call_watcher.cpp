#include "guest/loader/app/call_watcher.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "guest/common/system.h"
#include "guest/loader/app/sent_load.h"
#include "guest/loader/common/attribute_check.h"

namespace bpfmatrix::guest {

namespace {

/// More than any kernel's union bpf_attr has.
constexpr std::uint64_t kMaxAttr = 1024;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxDatagram = 4096;
// linux/bpf.h of Debian 12 ends before them.
constexpr std::uint32_t kTcxIngress = 46;
constexpr std::uint32_t kTcxEgress = 47;

std::string name_in(const char* field, std::size_t size) {
  return std::string(field, ::strnlen(field, size));
}

std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return ::if_indextoname(index, name) != nullptr ? name : fmt::format("interface {}", index);
}

bool is_cgroup_path(const std::string& path) { return path.starts_with("/sys/fs/cgroup"); }

/// What the kernel says of a program it has accepted.
void describe(std::uint32_t id, ProgramSent& program) {
  const Fd fd = open_program(id);
  bpf_prog_info info;
  std::memset(&info, 0, sizeof info);
  std::uint32_t bytes = sizeof info;
  if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &bytes) != 0) return;
  program.report.xlated_bytes = info.xlated_prog_len;
  // 0: not compiled, the interpreter runs it.
  program.report.jited_bytes = info.jited_prog_len;
  // Since 5.16, and only the last resort.
  if (!program.report.log_stats.insns && info.verified_insns != 0) {
    program.report.log_stats.insns = info.verified_insns;
  }
}

void take_reason(const Tracee& tracee, const SentLoad& load, ProgramSent& program) {
  const std::optional<Reason> reason = ask_reason(tracee, load);
  if (!reason) return;
  if (reason->error == 0) {
    program.report.stage.message = "failed, and was accepted when sent again for the reason";
    return;
  }
  program.report.log = reason->log;
  program.report.log_truncated = reason->truncated;
}

/// Whether the kernel, which has said E2BIG, knows every field of this load that is not zero.
std::optional<bool> fields_are_known(std::string_view attr) {
  return attributes_are_known(attr, offsetof(bpf_attr, insn_cnt), [](std::string& probe) {
    const Fd fd(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, probe.data(), probe.size())));
    return fd.valid() ? 0 : errno;
  });
}

}  // namespace

void CallWatcher::take(const SystemCall& call) {
  switch (call.number) {
    case SYS_bpf:
      return take_bpf(call);
    case SYS_ioctl:
      return take_ioctl(call);
    case SYS_setsockopt:
      return take_socket_option(call);
    case SYS_sendto:
    case SYS_recvfrom:
      if (call.result <= 0) return;
      return take_netlink(call,
                          call.tracee
                              .read(call.arguments[1],
                                    std::min<std::uint64_t>(
                                        static_cast<std::uint64_t>(call.result),
                                        std::min<std::uint64_t>(call.arguments[2], kMaxDatagram)))
                              .value_or(""));
    case SYS_sendmsg:
    case SYS_recvmsg:
      return take_message(call);
    default:
      break;
  }
  if (const auto refused = points_.take(call)) {
    record_.take(ProgramAttached{std::nullopt, *refused, call.error()});
  }
  if (call.number == SYS_perf_event_open) last_setup_ms_ = uptime_ms();
}

void CallWatcher::take_bpf(const SystemCall& call) {
  const auto attr = call.tracee.read(call.arguments[1], std::min(call.arguments[2], kMaxAttr));
  if (!attr) return;
  switch (call.arguments[0]) {
    case BPF_MAP_CREATE:
      take_map(call, *attr);
      break;
    case BPF_PROG_LOAD:
      take_program(call, *attr);
      break;
    case BPF_LINK_CREATE:
      take_link(call, *attr);
      break;
    case BPF_RAW_TRACEPOINT_OPEN:
      take_raw_tracepoint(call, *attr);
      break;
    case BPF_PROG_ATTACH:
      take_attach(call, *attr);
      break;
    case BPF_BTF_LOAD:
    case BPF_OBJ_PIN:
      break;
    default:
      // Reading and writing maps is what an application does all its life.
      return;
  }
  last_setup_ms_ = uptime_ms();
}

void CallWatcher::take_map(const SystemCall& call, std::string_view bytes) {
  const bpf_attr attr = attributes(bytes);
  const char* type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(attr.map_type));
  MapMade map{name_in(attr.map_name, sizeof attr.map_name),
              type != nullptr ? type : fmt::format("type {}", attr.map_type),
              call.error(),
              {}};
  if (call.error() == 0) map.id = call.tracee.ids(static_cast<int>(call.result)).map;
  record_.take(map);
}

/// By the types that were sent with it, which the kernel has by now.
std::string CallWatcher::function_name(const Tracee& tracee, const SentLoad& load) {
  if (load.attr.prog_btf_fd == 0) return "";
  const SentProgram sent = load.sent(tracee);
  const auto id = tracee.ids(static_cast<int>(load.attr.prog_btf_fd)).btf;
  if (!id || sent.functions.empty() || sent.functions.front().insn != 0) return "";
  auto known = types_.find(*id);
  if (known == types_.end()) {
    known = types_.emplace(*id, TypesPtr(btf__load_from_kernel_by_id(*id), &btf__free)).first;
  }
  const btf* types = known->second.get();
  if (types == nullptr) return "";
  const btf_type* type = btf__type_by_id(types, sent.functions.front().type);
  const char* name = type != nullptr ? btf__name_by_offset(types, type->name_off) : nullptr;
  return name != nullptr ? name : "";
}

void CallWatcher::take_program(const SystemCall& call, std::string_view bytes) {
  const std::optional<SentLoad> load = read_load(call.tracee, bytes);
  if (!load) return;
  ProgramSent program{load->program, call.error(), {}, {}};
  program.sent.function = function_name(call.tracee, *load);
  program.report.stage = {call.error() != 0, call.error(), {}};
  program.report.instructions = load->attr.insn_cnt;
  program.report.log = load->log(call.tracee);
  if (insns_) program.report.sent = load->sent(call.tracee);
  program.report.log_truncated = call.error() == ENOSPC;
  if (call.error() == 0) {
    program.id = call.tracee.ids(static_cast<int>(call.result)).program;
  } else if (program.report.log.empty()) {
    take_reason(call.tracee, *load, program);
    const bool silent = program.report.log.empty();
    if (silent && call.error() == E2BIG) program.report.attributes_known = fields_are_known(bytes);
  }
  program.report.log_stats = parse_verifier_stats(program.report.log);
  if (program.id) describe(*program.id, program);
  record_.take(std::move(program));
}

AttachPoint CallWatcher::link_target(const SystemCall& call, std::string_view bytes) const {
  const bpf_attr attr = attributes(bytes);
  const std::uint32_t type = attr.link_create.attach_type;
  const auto fd = static_cast<int>(attr.link_create.target_fd);
  if (type == BPF_PERF_EVENT) return points_.of(call.process, fd).value_or(AttachPoint{});
  if (type == BPF_XDP) return {"xdp", interface_name(attr.link_create.target_ifindex)};
  if (type == kTcxIngress || type == kTcxEgress) {
    return {"tcx", interface_name(attr.link_create.target_ifindex) +
                       (type == kTcxIngress ? " ingress" : " egress")};
  }
  const char* name = libbpf_bpf_attach_type_str(static_cast<bpf_attach_type>(type));
  const std::string method = name != nullptr ? name : fmt::format("attach type {}", type);
  if (const std::string path = call.tracee.target(fd); is_cgroup_path(path)) return {method, path};
  return {method, ""};
}

void CallWatcher::take_link(const SystemCall& call, std::string_view bytes) {
  const bpf_attr attr = attributes(bytes);
  attach(call, static_cast<int>(attr.link_create.prog_fd), link_target(call, bytes), call.error());
}

void CallWatcher::take_raw_tracepoint(const SystemCall& call, std::string_view bytes) {
  const bpf_attr attr = attributes(bytes);
  // Without a name it is a program that was bound to its place when it was loaded.
  std::string name = call.tracee.read_text(attr.raw_tracepoint.name, kMaxName);
  const char* method = name.empty() ? "tracing" : "raw_tracepoint";
  attach(call, static_cast<int>(attr.raw_tracepoint.prog_fd), {method, std::move(name)},
         call.error());
}

void CallWatcher::take_attach(const SystemCall& call, std::string_view bytes) {
  const bpf_attr attr = attributes(bytes);
  const char* method = libbpf_bpf_attach_type_str(static_cast<bpf_attach_type>(attr.attach_type));
  const std::string path = call.tracee.target(static_cast<int>(attr.target_fd));
  attach(call, static_cast<int>(attr.attach_bpf_fd),
         {method != nullptr ? method : fmt::format("attach type {}", attr.attach_type),
          is_cgroup_path(path) ? path : ""},
         call.error());
}

void CallWatcher::take_ioctl(const SystemCall& call) {
  if (call.arguments[1] != PERF_EVENT_IOC_SET_BPF) return;
  const auto point = points_.of(call.process, static_cast<int>(call.arguments[0]));
  attach(call, static_cast<int>(call.arguments[2]), point.value_or(AttachPoint{}), call.error());
  last_setup_ms_ = uptime_ms();
}

void CallWatcher::take_socket_option(const SystemCall& call) {
  if (call.arguments[1] != SOL_SOCKET || call.arguments[2] != SO_ATTACH_BPF) return;
  int fd = -1;
  const auto bytes = call.tracee.read(call.arguments[3], sizeof fd);
  if (!bytes) return;
  std::memcpy(&fd, bytes->data(), sizeof fd);
  attach(call, fd, {"socket", ""}, call.error());
  last_setup_ms_ = uptime_ms();
}

void CallWatcher::take_message(const SystemCall& call) {
  const auto header = call.tracee.read(call.arguments[1], sizeof(msghdr));
  if (call.result <= 0 || !header) return;
  msghdr message;
  std::memcpy(&message, header->data(), sizeof message);
  const auto vector =
      call.tracee.read(reinterpret_cast<std::uintptr_t>(message.msg_iov), sizeof(iovec));
  if (!vector || message.msg_iovlen == 0) return;
  iovec first;
  std::memcpy(&first, vector->data(), sizeof first);
  const auto bytes = call.tracee.read(
      reinterpret_cast<std::uintptr_t>(first.iov_base),
      std::min({static_cast<std::size_t>(call.result), first.iov_len, kMaxDatagram}));
  if (bytes) take_netlink(call, *bytes);
}

void CallWatcher::take_netlink(const SystemCall& call, std::string_view bytes) {
  const std::pair socket{call.process, static_cast<int>(call.arguments[0])};
  if (call.number == SYS_sendto || call.number == SYS_sendmsg) {
    if (const auto request = parse_netlink_request(bytes)) asked_[socket] = *request;
    return;
  }
  const auto asked = asked_.find(socket);
  const std::optional<int> error = parse_netlink_answer(bytes);
  if (asked == asked_.end() || !error) return;
  const NetlinkAttach& request = asked->second;
  AttachPoint point{"xdp", interface_name(static_cast<std::uint32_t>(request.interface))};
  if (request.parent != 0) {
    point.method = "tc";
    const bool egress = TC_H_MIN(request.parent) == TC_H_MIN(TC_H_MIN_EGRESS);
    point.place += egress ? " egress" : " ingress";
  }
  attach(call, request.program_fd, std::move(point), *error);
  asked_.erase(asked);
  last_setup_ms_ = uptime_ms();
}

void CallWatcher::attach(const SystemCall& call, int program_fd, AttachPoint point, int error) {
  const DescriptorIds ids = call.tracee.ids(program_fd);
  if (ids.program) record_.take(ProgramAttached{ids.program, std::move(point), error});
}

}  // namespace bpfmatrix::guest
