// The statistics that the verifier writes at the end of its log, in the words of every kernel from
// 4.18 to 7.3. Compiled on both sides: the loaders in the guest report them, the host reads whole
// logs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bpfmatrix {

struct VerifierLogStats {
  std::optional<std::uint64_t> insns{};
  std::optional<std::uint64_t> states_total{};
  std::optional<std::uint64_t> states_peak{};
  /// The frames of the program and of all its subprograms added up, as veristat does: what every
  /// kernel says. The deepest chain of calls, which only 7.x names ("max 48"), compares with no
  /// older kernel's number.
  std::optional<std::uint64_t> stack_bytes{};
  std::optional<std::uint64_t> verification_usec{};
};

/// Reads the last 64 KiB of a log, which may be hostile. What is not there stays absent, and so
/// does a number of more than 64 bits, or one that the log's end has cut.
VerifierLogStats parse_verifier_stats(std::string_view log);

}  // namespace bpfmatrix
