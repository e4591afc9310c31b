// Reads what a traced application asks of the kernel for its BPF programs, and what it gets back.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "guest/loader/app/app_record.h"
#include "guest/loader/app/attach_points.h"
#include "guest/loader/app/netlink_attach.h"
#include "guest/loader/app/sent_load.h"
#include "guest/loader/app/tracer.h"

namespace bpfmatrix::guest {

class CallWatcher {
 public:
  /// `insns`: the record is given the instructions of programs too.
  CallWatcher(AppRecord& record, bool insns) : record_(record), insns_(insns) {}

  void take(const SystemCall& call);
  /// When the last call was made by which something is set up; 0: none was yet.
  std::int64_t last_setup_ms() const { return last_setup_ms_; }

 private:
  void take_bpf(const SystemCall& call);
  void take_map(const SystemCall& call, std::string_view attr);
  void take_program(const SystemCall& call, std::string_view attr);
  void take_link(const SystemCall& call, std::string_view attr);
  void take_raw_tracepoint(const SystemCall& call, std::string_view attr);
  void take_attach(const SystemCall& call, std::string_view attr);
  void take_ioctl(const SystemCall& call);
  void take_socket_option(const SystemCall& call);
  void take_netlink(const SystemCall& call, std::string_view bytes);
  void take_message(const SystemCall& call);
  void attach(const SystemCall& call, int program_fd, AttachPoint point, int error);
  std::string function_name(const Tracee& tracee, const SentLoad& load);
  AttachPoint link_target(const SystemCall& call, std::string_view attr) const;

  AppRecord& record_;
  bool insns_;
  AttachPoints points_{};
  using TypesPtr = std::unique_ptr<btf, decltype(&btf__free)>;
  /// What the application handed to the kernel as BTF, by id; nullptr: it cannot be read.
  std::map<std::uint32_t, TypesPtr> types_{};
  /// Requests that have no answer yet, by process and socket.
  std::map<std::pair<pid_t, int>, NetlinkAttach> asked_{};
  std::int64_t last_setup_ms_ = 0;
};

}  // namespace bpfmatrix::guest
