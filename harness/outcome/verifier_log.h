// What a verifier's log says at its end, on kernels from 4.18 to 7.3: why it rejects a program,
// and where it was then. A log is hostile input of any size: only its end is read, line by line.
// The statistics there are read by base/verifier_stats.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

struct LogEnd {
  /// The line that says why; empty if nothing in the log's end could be one.
  std::string reason{};
  /// The log holds no line but statistics: verification never began, or is not what failed.
  bool silent = true;
  /// The instruction the verifier last looked at, and the source line it came from. Loops and
  /// unreachable code are judged before any instruction is looked at.
  std::optional<std::uint32_t> instruction{};
  /// The instruction that the reason itself names: "back-edge from insn 10 to 2".
  std::optional<std::uint32_t> named_instruction{};
  /// As the kernel printed it: without file and line before 6.10.
  std::optional<SourceLine> source{};
  /// At most four lines that a person wants to see: the instruction, what was said about it, the
  /// reason. In the order of the log.
  std::vector<std::string> lines{};
};

LogEnd read_log_end(std::string_view log);

/// 7.3 explains the reason in a report of many lines behind it. Where that begins; npos: there is
/// none in the log's end.
std::size_t find_report(std::string_view log);

}  // namespace bpfmatrix
