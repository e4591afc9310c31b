// Attaches programs where their sections say: what libbpf can attach by itself, XDP and tc programs
// to `lo`, cgroup programs to a cgroup made for this.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/section_name.h"
#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

class Attacher {
 public:
  Attacher() = default;
  Attacher(const Attacher&) = delete;
  Attacher& operator=(const Attacher&) = delete;
  ~Attacher() { detach(); }

  /// Nothing when the section does not say where to.
  std::optional<AttachReport> attach(const bpf_program* program);
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

  Attempt attach_by_section(const bpf_program* program, const SectionName& target);
  Attempt attach_xdp(const bpf_program* program);
  Attempt attach_tc(const bpf_program* program, const SectionName& target);
  Attempt attach_cgroup(const bpf_program* program);
  static Attempt attach_perf_event(const bpf_program* program);
  int open_cgroup();

  std::vector<std::function<void()>> undo_{};
  /// How to take away the XDP program that is on `lo` now, and which it is.
  std::function<void()> undo_xdp_{};
  std::string on_xdp_{};
  std::vector<std::string> displaced_{};
  bool any_ = false;
  Fd cgroup_{};
};

}  // namespace bpfmatrix::guest
