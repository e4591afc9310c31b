// Stands between libbpf and the kernel: the loader is linked with --wrap=syscall, and every bpf(2)
// and perf_event_open(2) of the library passes through here. The witness
//
//   - knows each program by the log buffer it was given, so libbpf's feature probes are told apart;
//   - asks the kernel for its result first and for a log only when the load failed. A log can make
//     a failure of its own: up to 6.3 a full buffer is ENOSPC;
//   - hands libbpf a substitute descriptor for a program that was not loaded, so that the object's
//   other
//     programs are loaded too, in the same pass over the kernel's BTF. The substitute is
//     /dev/null: the kernel never holds a program that was not requested. It is never attached, and
//     what libbpf would do with it (bind .rodata, fill a slot of a program array) is left out.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

class Witness {
 public:
  /// What the kernel answered to one program; `program` of the report is the caller's to fill in.
  using OnLoad = std::function<void(std::size_t program, LoadReport report)>;

  /// One per process: the syscalls of a process are.
  static Witness& instance();

  /// Forgets all programs of an earlier object, and takes note of `count` new ones.
  void expect(std::size_t count, OnLoad on_load);
  /// Whether reports have the instructions that were sent.
  void keep_insns(bool keep) { keep_insns_ = keep; }
  /// The buffer by which program `index` is known from now on. libbpf and the kernel never write
  /// into it.
  char* marker(std::size_t index) { return markers_[index].bytes; }
  static constexpr std::size_t kMarkerBytes = 64;

  /// How many poison marks of CO-RE stood in the instructions that were sent.
  std::size_t poison_marks() const { return poison_marks_; }

  /// What went to the kernel since `watch_attach`: how many calls, and the last symbol or path a
  /// probe was asked on.
  struct AttachTrace {
    int kernel_calls = 0;
    std::string symbol{};
  };
  void watch_attach() { trace_ = {}; }
  const AttachTrace& attach_trace() const { return trace_; }

  long bpf(int command, bpf_attr* attr, unsigned size);
  void perf_event_open(const void* attr);
  void duplicated(int from, int to);

  /// Of the last map that failed with E2BIG: whether it knows all attributes it was given.
  std::optional<bool> map_attributes_known() const { return map_attributes_known_; }

 private:
  struct Marker {
    char bytes[kMarkerBytes] = {};
  };
  struct Attempt {
    int fd = -1;
    int error = 0;
    std::string log{};
    /// As the kernel left them: with E2BIG it writes its own sizes there.
    std::uint32_t func_info_rec_size = 0;
    std::uint32_t line_info_rec_size = 0;
  };

  std::size_t program_of(const bpf_attr& attr, unsigned size) const;
  long load(std::size_t program, bpf_attr* attr, unsigned size);
  Attempt attempt(const bpf_attr& attr, unsigned size, unsigned log_level);
  bool statistics_level();
  static bool libbpf_can_shrink_records(const Attempt& refused, bpf_attr* attr);
  char* log_buffer();
  void count_poison(const bpf_attr& attr);
  static SentProgram sent_program(const bpf_attr& attr);
  void ask_reason(const bpf_attr& attr, unsigned size, const Attempt& first, LoadReport& report);
  void ask_statistics(const bpf_attr& attr, unsigned size, const Attempt& first,
                      LoadReport& report);
  void ask_about_silence(const bpf_attr& attr, unsigned size, const Attempt& first,
                         LoadReport& report);
  bool type_is_known(std::uint32_t program_type, std::uint32_t attach_type);
  bool flags_are_known(std::uint32_t flags);
  bool trivial_is_known(std::uint32_t program_type, std::uint32_t attach_type, std::uint32_t flags);
  bool concerns_substitute(int command, const bpf_attr& attr) const;

  std::vector<Marker> markers_{};
  OnLoad on_load_{};
  std::set<int> substitutes_{};
  std::map<int, std::uint32_t> map_types_{};
  std::optional<bool> map_attributes_known_{};
  std::size_t poison_marks_ = 0;
  bool keep_insns_ = false;
  AttachTrace trace_{};
  char* log_buffer_ = nullptr;
  /// Whether BPF_LOG_STATS alone is known here (5.2); -1: not asked yet.
  int statistics_level_ = -1;
};

}  // namespace bpfmatrix::guest
