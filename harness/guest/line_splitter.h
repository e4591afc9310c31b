// Cuts a stream into lines. A line that is too long is dropped as a whole, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bpfmatrix {

class LineSplitter {
 public:
  using OnLine = std::function<void(std::string_view line)>;

  explicit LineSplitter(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Calls `on_line` (if it is callable) for each line that `bytes` complete, without its end.
  void feed(std::string_view bytes, const OnLine& on_line);
  /// The stream has ended: what is left is a line without an end.
  void finish(const OnLine& on_line);
  std::uint64_t dropped_bytes() const { return dropped_; }

 private:
  void append(std::string_view part);
  void end_line(const OnLine& on_line);

  std::size_t max_bytes_;
  std::string line_{};
  bool too_long_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace bpfmatrix
