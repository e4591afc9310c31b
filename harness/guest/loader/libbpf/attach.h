// Attaches programs where their sections or user space say: what libbpf can attach by itself, XDP
// and tc programs to `lo`, cgroup programs to a cgroup made for this, programs for sockets of a map
// to the object's first such map, those of a network namespace to the guest's, lwt to a route,
// netkit to a pair of its own, socket filters to a socket, struct_ops by registering their map.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/load_settings.h"
#include "base/section_name.h"
#include "guest/loader/common/report.h"
#include "guest/loader/libbpf/network.h"

namespace bpfmatrix::guest {

class Attacher {
 public:
  /// Nothing is owned; `object` outlives it.
  explicit Attacher(const bpf_object* object) : object_(object) {}
  Attacher(const Attacher&) = delete;
  Attacher& operator=(const Attacher&) = delete;
  ~Attacher() { detach(); }

  /// `to` may say nothing. Nothing when neither it nor the section says where to.
  std::optional<AttachReport> attach(const bpf_program* program, const AttachTo& to);
  /// In the reverse order.
  void detach();
  /// Whether any program is attached, and which were and have given way to another of the object.
  bool any() const { return any_; }
  const std::vector<std::string>& displaced() const { return displaced_; }

 private:
  /// What was attached: 0 and how to undo it, or a negative errno.
  struct Attempt {
    int error = 0;
    std::string actual{};
    std::function<void()> undo{};
  };

  /// By which way, and where to as the report says it.
  struct Way {
    std::string method{};
    std::string requested{};
  };

  std::optional<Attempt> attach_as_asked(const bpf_program* program, const AttachTo& to, Way& way);
  std::optional<Attempt> attach_as_usual(const bpf_program* program, const AttachTo& to, Way& way);
  std::optional<Attempt> attach_by_type(const bpf_program* program, const AttachTo& to, Way& way);
  static Attempt attach_by_section(const bpf_program* program, const SectionName& target);
  static Attempt attach_uprobe(const bpf_program* program, const AttachTo& to);
  Attempt attach_xdp(const bpf_program* program, const std::string& interface);
  Attempt attach_tc(const bpf_program* program, const SectionName& target,
                    const std::string& interface);
  Attempt attach_netkit(const bpf_program* program);
  static Attempt attach_netns(const bpf_program* program);
  std::optional<Attempt> attach_sockets(const bpf_program* program, const AttachTo& to, Way& way);
  Attempt attach_lwt(const bpf_program* program, Way& way);
  static Attempt attach_socket_filter(const bpf_program* program);
  std::optional<Attempt> attach_struct_ops(const bpf_program* program, Way& way);
  /// Its index, or a negative errno. "veth" and "netkit" are made when they are first asked for.
  int interface_index(const std::string& name);
  Attempt attach_cgroup(const bpf_program* program);
  static Attempt attach_perf_event(const bpf_program* program);
  int open_cgroup();

  const bpf_object* object_;
  std::vector<std::function<void()>> undo_{};
  /// By kind.
  std::map<std::string, InterfacePair> pairs_{};
  int lwt_routes_ = 0;
  /// What registering came to, by map.
  std::map<const bpf_map*, int> registered_{};
  /// How to take away the XDP program that is on `lo` now, and which it is.
  std::function<void()> undo_xdp_{};
  std::string on_xdp_{};
  std::vector<std::string> displaced_{};
  bool any_ = false;
  Fd cgroup_{};
};

}  // namespace bpfmatrix::guest
