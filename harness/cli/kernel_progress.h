// How a kernel that is being fetched or built comes along, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/build/build_options.h"
#include "kernels/fetch/download.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// "2.2 MiB".
std::string amount(std::uint64_t bytes);
/// "BTF 3.2 MiB", "no BTF, 2.0 MiB made for it", "no BTF".
std::string btf_words(const Kernel& kernel);

/// One line that is written over on a terminal. When piped, a line for each file that is whole, and
/// one for every tenth of a build.
class ProgressLine {
 public:
  explicit ProgressLine(std::string kernel);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void on_progress(const Progress& progress);
  void on_build(const BuildProgress& progress);
  void say(std::string_view line);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void begin(const Progress& progress);
  std::string speed(std::uint64_t bytes) const;
  /// True a few times a second: a terminal is not for more.
  bool time_to_show();

  std::string kernel_;
  bool terminal_;
  std::string what_{};
  Clock::time_point started_{};
  Clock::time_point shown_{};
  std::uint64_t already_ = 0;
  std::int64_t tenths_ = 0;
};

}  // namespace bpfmatrix
