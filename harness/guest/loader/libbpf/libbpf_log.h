// What libbpf prints: all of it goes to standard error, its warnings are also kept as the message
// of whatever fails next.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix::guest {

class LibbpfLog {
 public:
  using OnLine = std::function<void(std::string_view line)>;

  /// Catches libbpf's output from now on. One per process.
  static LibbpfLog& instance();
  void listen(OnLine on_line) { on_line_ = std::move(on_line); }

  /// The warnings since the last clear(), without libbpf's prefix, oldest first.
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::string message() const;
  void clear() { warnings_.clear(); }

  void print(bool warning, std::string_view text);

 private:
  LibbpfLog();

  OnLine on_line_{};
  std::vector<std::string> warnings_{};
};

}  // namespace bpfmatrix::guest
