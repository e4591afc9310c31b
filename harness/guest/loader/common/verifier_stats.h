// The statistics that the verifier writes into its log, in the words of every kernel since 4.18.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bpfmatrix::guest {

struct VerifierLogStats {
  std::optional<std::uint64_t> insns{};
  std::optional<std::uint64_t> states_total{};
  std::optional<std::uint64_t> states_peak{};
  /// The depths of all subprograms added up: the most that any chain of calls can need.
  std::optional<std::uint64_t> stack_bytes{};
  std::optional<std::uint64_t> verification_usec{};
};

/// Reads the last lines of a log; what is not there stays absent.
VerifierLogStats parse_verifier_stats(std::string_view log);

}  // namespace bpfmatrix::guest
