// What a child of ours that reads a stranger's file may do, and no more.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/fd.h"

namespace bpfmatrix {

/// setrlimit(2), for the child and all that it starts.
struct ChildLimits {
  std::uint64_t cpu_seconds = 60;
  /// Of addresses: more than of memory.
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;
  /// Of any file that it writes.
  std::uint64_t file_bytes = std::uint64_t{64} << 20;
};

struct Confinement {
  ChildLimits limits{};
  /// With all below: may be read, and programs there be run. What is missing is passed over. The
  /// folders of the system's programs and libraries are always readable, and
  /// /dev/null is there.
  std::vector<std::filesystem::path> readable{};
  /// With all below: files there may be read, made, changed and removed.
  std::vector<std::filesystem::path> writable{};
};

/// Where programs, libraries and headers of this machine lie, for anybody to read.
const std::vector<std::filesystem::path>& system_folders();

/// A Confinement made ready before fork, so that what is left for the child is a few system calls.
/// Files are kept from it by Landlock (v5.13), the network by seccomp; where the kernel has one of
/// them not, the limits and the other stay.
class ChildCage {
 public:
  explicit ChildCage(const Confinement& confinement);
  /// Whether this kernel keeps files from the child.
  bool guards_files() const { return rules_.valid(); }

  /// For the child, between fork and exec: async-signal-safe. False: errno says why.
  bool enter() const;

 private:
  ChildLimits limits_;
  /// Landlock's set of rules; invalid: this kernel has none.
  Fd rules_{};
};

}  // namespace bpfmatrix
