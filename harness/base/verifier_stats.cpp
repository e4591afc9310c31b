#include "base/verifier_stats.h"

#include <charconv>

namespace bpfmatrix {

namespace {

/// Room for the lines of 256 subprograms, which is as many as a program may have.
constexpr std::size_t kTailBytes = 64 << 10;

using Number = std::optional<std::uint64_t>;

/// Takes the number at the start of `text` away.
Number take_count(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// The number between `before` and `behind`, wherever that stands in the line.
Number number_between(std::string_view line, std::string_view before, std::string_view behind) {
  const std::size_t at = line.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + before.size());
  const Number number = take_count(line);
  return line.starts_with(behind) ? number : std::nullopt;
}

/// "16+0+8": one frame per subprogram.
Number sum_of_frames(std::string_view list) {
  Number sum;
  for (;;) {
    const Number frame = take_count(list);
    if (!frame) return std::nullopt;
    sum = sum.value_or(0) + *frame;
    if (!list.starts_with('+')) break;
    list.remove_prefix(1);
  }
  // 7.0 adds the deepest chain of calls: "8+24 max 48".
  return list.empty() || list.starts_with(" max ") ? sum : std::nullopt;
}

void take(Number& into, Number value) {
  if (value) into = value;
}

void take_stack(std::string_view line, VerifierLogStats& stats) {
  constexpr std::string_view kWord = "stack depth ";
  const std::size_t at = line.find(kWord);
  if (at != std::string_view::npos)
    take(stats.stack_bytes, sum_of_frames(line.substr(at + kWord.size())));
}

/// 7.3: "stack depth max 24", and behind it for each subprogram
/// "subprog 0 (main) main insns_self 16 insns_total 1000001 stack 8".
void take_subprogram(std::string_view line, VerifierLogStats& stats) {
  const std::size_t at = line.rfind(" stack ");
  if (at == std::string_view::npos) return;
  if (const Number frame = sum_of_frames(line.substr(at + 7))) {
    stats.stack_bytes = stats.stack_bytes.value_or(0) + *frame;
  }
}

void parse_line(std::string_view line, VerifierLogStats& stats) {
  // 4.18 to 5.1: "processed 15 insns (limit 131072), stack depth 0+0"
  // since 5.2:   "processed 15 insns (limit 1000000) max_states_per_insn 0 total_states 1 ..."
  if (line.starts_with("processed ")) {
    take(stats.insns, number_between(line, "processed ", " insns"));
    take(stats.states_total, number_between(line, " total_states ", " "));
    take(stats.states_peak, number_between(line, " peak_states ", " "));
    take_stack(line, stats);
  } else if (line.starts_with("stack depth ")) {
    take_stack(line, stats);
  } else if (line.starts_with("subprog ")) {
    take_subprogram(line, stats);
  } else if (line.starts_with("verification time ")) {
    take(stats.verification_usec, number_between(line, "verification time ", " usec"));
  }
}

}  // namespace

VerifierLogStats parse_verifier_stats(std::string_view log) {
  if (log.size() > kTailBytes) log.remove_prefix(log.size() - kTailBytes);
  VerifierLogStats stats;
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    std::string_view line = log.substr(0, end);
    while (!line.empty() && (line.back() == '\0' || line.back() == '\r' || line.back() == ' ')) {
      line.remove_suffix(1);
    }
    parse_line(line, stats);
    if (end == std::string_view::npos) break;
    log.remove_prefix(end + 1);
  }
  return stats;
}

}  // namespace bpfmatrix
