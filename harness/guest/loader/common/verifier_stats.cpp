#include "guest/loader/common/verifier_stats.h"

#include <charconv>

namespace bpfmatrix::guest {

namespace {

// The statistics are among the last lines; a log may hold megabytes before them.
constexpr std::size_t kTailBytes = 4096;

std::optional<std::uint64_t> number_at(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_after(std::string_view line, std::string_view word) {
  const std::size_t at = line.find(word);
  return at == std::string_view::npos ? std::nullopt : number_at(line.substr(at + word.size()));
}

/// "16+0+8": one depth per subprogram. Kernel 7 adds " max N".
std::optional<std::uint64_t> sum_after(std::string_view line, std::string_view word) {
  std::size_t at = line.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  std::optional<std::uint64_t> sum;
  at += word.size() - 1;
  do {
    line.remove_prefix(at + 1);
    const std::optional<std::uint64_t> depth = number_at(line);
    if (!depth) return sum;
    sum = sum.value_or(0) + *depth;
    at = line.find_first_not_of("0123456789");
  } while (at != std::string_view::npos && line[at] == '+');
  return sum;
}

void take(std::optional<std::uint64_t>& into, std::optional<std::uint64_t> value) {
  if (value) into = value;
}

void parse_line(std::string_view line, VerifierLogStats& stats) {
  // 4.18 to 5.1: "processed 15 insns (limit 131072), stack depth 0+0"
  // since 5.2:   "processed 15 insns (limit 1000000) max_states_per_insn 0 total_states 1 ..."
  if (line.starts_with("processed ")) take(stats.insns, number_after(line, "processed "));
  take(stats.states_total, number_after(line, " total_states "));
  take(stats.states_peak, number_after(line, " peak_states "));
  if (line.starts_with("stack depth ") || line.starts_with("processed ")) {
    take(stats.stack_bytes, sum_after(line, "stack depth "));
    // 7.3 names the deepest chain of calls alone; the depths follow in lines of their own.
    take(stats.stack_bytes, number_after(line, "stack depth max "));
  }
  if (line.starts_with("verification time ")) {
    take(stats.verification_usec, number_after(line, "verification time "));
  }
}

}  // namespace

VerifierLogStats parse_verifier_stats(std::string_view log) {
  if (log.size() > kTailBytes) log.remove_prefix(log.size() - kTailBytes);
  VerifierLogStats stats;
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    parse_line(log.substr(0, end), stats);
    if (end == std::string_view::npos) break;
    log.remove_prefix(end + 1);
  }
  return stats;
}

}  // namespace bpfmatrix::guest
