// Objects that share the kernel with the one that is tried: loaded and attached before it, as
// libbpf does it by itself, and there until it is done. What they come to is reported apart from
// it.
#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "guest/loader/common/run_statistics.h"
#include "guest/loader/libbpf/attach.h"

namespace bpfmatrix::guest {

struct CompanionRequest {
  /// By which reports and attach settings name it.
  std::string name{};
  /// The ELF file.
  std::string object{};
};

class Companions {
 public:
  /// In this order. `btf` may be empty: libbpf then looks for the kernel's.
  void set_up(const std::vector<CompanionRequest>& requests, const std::string& btf);
  /// Of a program that the kernel took, by its name or "OBJECT:NAME"; -1: there is none.
  int program_fd(std::string_view name) const;
  /// How often each ran since counting began.
  void report_runs(const RunStatisticsSwitch& statistics) const;

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  struct Companion {
    std::string name{};
    std::unique_ptr<bpf_object, Close> object{};
    /// Goes before the object does.
    std::unique_ptr<Attacher> attacher{};
  };

  void attach_all(Companion& companion) const;

  std::vector<Companion> companions_{};
};

}  // namespace bpfmatrix::guest
