// The console of one machine, kept within bounds: a guest that floods it must cost neither memory
// nor disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

/// The beginning and the end of a stream, and how much was left out between them.
class ConsoleBuffer {
 public:
  static constexpr std::size_t kHeadBytes = 256 << 10;
  static constexpr std::size_t kTailBytes = 1 << 20;

  void append(std::string_view bytes);
  /// Everything if it fits, else head, a line "[... N bytes left out ...]", and tail.
  std::string text() const;
  /// What came after the first `bytes`; of what was left out in between nothing but the line.
  std::string text_since(std::uint64_t bytes) const;
  std::uint64_t total_bytes() const { return total_; }

 private:
  std::string head_{};
  /// Up to twice kTailBytes, so that cutting is rare; text() gives the last kTailBytes of it.
  std::string tail_{};
  std::uint64_t total_ = 0;
};

/// The same stream on disk: its first 16 MiB, then a note that there was more.
class ConsoleLog {
 public:
  static constexpr std::uint64_t kMaxBytes = 16 << 20;

  /// Writes nowhere.
  ConsoleLog() = default;
  /// Replaces what is there. Error: the file cannot be made.
  static Result<ConsoleLog> open(const std::filesystem::path& path);

  /// A disk that is full ends the log, not the run.
  void append(std::string_view bytes);

 private:
  explicit ConsoleLog(Fd fd) : fd_(std::move(fd)) {}
  void write(std::string_view bytes);

  Fd fd_{};
  std::uint64_t written_ = 0;
};

}  // namespace bpfmatrix
