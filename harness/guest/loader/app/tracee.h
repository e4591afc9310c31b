// What can be seen of a thread of the application's from outside, while it is stopped. Nothing here
// changes it, and every read is bounded: what it holds is the application's word, not ours.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::guest {

/// What a file descriptor leads to, as /proc/PID/fdinfo tells: ids by which it can be opened again.
struct DescriptorIds {
  std::optional<std::uint32_t> program{};
  std::optional<std::uint32_t> map{};
  std::optional<std::uint32_t> btf{};
  friend bool operator==(const DescriptorIds&, const DescriptorIds&) = default;
};
/// A link names its program too, and is none.
DescriptorIds parse_fdinfo(std::string_view text);

class Tracee {
 public:
  explicit Tracee(pid_t thread) : thread_(thread) {}

  pid_t thread() const { return thread_; }
  /// Exactly `bytes`; nothing if they are not all readable.
  std::optional<std::string> read(std::uint64_t address, std::size_t bytes) const;
  /// Up to a zero byte or `max_bytes`; empty if there is nothing readable.
  std::string read_text(std::uint64_t address, std::size_t max_bytes) const;
  DescriptorIds ids(int fd) const;
  /// Where /proc/PID/fd/FD points: a path, or "anon_inode:..."; empty: nowhere.
  std::string target(int fd) const;

 private:
  pid_t thread_;
};

}  // namespace bpfmatrix::guest
