#include "outcome/verifier_log.h"

#include <re2/re2.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

/// No reason stands further from the end; on 4.18 a line alone may have a few hundred characters.
constexpr std::size_t kTailBytes = 64 << 10;
constexpr std::size_t kTailLines = 64;
constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMeaningfulLines = 4;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

/// RE2 runs in linear time whatever the text; Latin-1 lets any byte be a character.

RE2::Options bytewise() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  return options;
}

/// The last lines, in their order, without empty ones.
std::vector<std::string_view> last_lines(std::string_view log) {
  if (log.size() > kTailBytes) log.remove_prefix(log.size() - kTailBytes);
  std::vector<std::string_view> lines;
  while (!log.empty() && lines.size() < kTailLines) {
    const std::size_t newline = log.rfind('\n');
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    std::string_view line = log.substr(start);
    while (!line.empty() && (line.back() == '\0' || line.back() == '\r' || line.back() == ' ')) {
      line.remove_suffix(1);
    }
    if (!line.empty()) lines.push_back(line.substr(0, kMaxLine));
    log = log.substr(0, newline == std::string_view::npos ? 0 : newline);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

/// kernel/bpf/verifier.c, print_verification_stats(), v5.8; do_check(), v4.18.
bool is_statistics(std::string_view line) {
  static const RE2 pattern(
      R"(verification time \d+ usec|stack depth(?: [\d+]+)?(?: max \d+)?|insns processed [\d+]+|)"
      R"(subprog \d+ \(.*\) \w+ insns_self \d+ insns_total \d+ stack \d+|processed \d+ insns .*)",
      bytewise());
  return RE2::FullMatch(piece(line), pattern);
}

/// After "infinite loop detected" 6.8 and later show the two states that were equal.
bool is_state(std::string_view line) {
  static const RE2 pattern(R"((?:cur|old) state:.*)", bytewise());
  return RE2::FullMatch(piece(line), pattern);
}

/// "13: (79) r6 = *(u64 *)(r7 +0) ; ...", and libbpf's "3: <invalid CO-RE relocation>".
std::optional<std::uint32_t> instruction_of(std::string_view line) {
  static const RE2 pattern(R"((\d+): (?:\([0-9a-f]{2}\) |<invalid ).*)", bytewise());
  std::uint32_t number = 0;
  if (!RE2::FullMatch(piece(line), pattern, &number)) return std::nullopt;
  return number;
}

/// "; return s; @ program.bpf.c:12", without the file before 6.10 (kernel/bpf/verifier.c,
/// verbose_linfo(), v5.8).
std::optional<SourceLine> source_of(std::string_view line) {
  static const RE2 with_file(R"(; (.*) @ ([^ @]+):(\d+))", bytewise());
  static const RE2 plain(R"(; (.*))", bytewise());
  SourceLine source;
  if (RE2::FullMatch(piece(line), with_file, &source.text, &source.file, &source.line)) {
    return source;
  }
  if (RE2::FullMatch(piece(line), plain, &source.text)) return source;
  return std::nullopt;
}

/// Before the first instruction, 5.8 to 5.18 remark on arguments of programs that they accept
/// anyway (kernel/bpf/btf.c, btf_get_prog_ctx_type(), v5.8). After one, the same words are the
/// result.
bool is_remark(std::string_view line) {
  static const RE2 pattern(R"((?:Unrecognized )?arg#\d+ .*)", bytewise());
  return RE2::FullMatch(piece(line), pattern);
}

/// 6.12 does not end the instruction's line before it speaks of an infinite loop.
std::string_view without_instruction(std::string_view line) {
  static const RE2 pattern(R"(\d+: \([0-9a-f]{2}\) .* (infinite loop detected at insn \d+))",
                           bytewise());
  re2::StringPiece reason;
  if (!RE2::FullMatch(piece(line), pattern, &reason)) return line;
  return {reason.data(), reason.size()};
}

std::optional<std::uint32_t> named_instruction(std::string_view reason) {
  static const RE2 pattern(
      R"((?:unreachable|infinite loop detected at|back-edge from|jump out of range from) )"
      R"(insn (\d+)(?: to -?\d+)?)",
      bytewise());
  std::uint32_t number = 0;
  if (!RE2::FullMatch(piece(reason), pattern, &number)) return std::nullopt;
  return number;
}

/// Lines of the verifier's record of its work, which are no result: register states, source lines,
/// the trace of precision, the list of functions (kernel/bpf/verifier.c, do_check(),
/// __mark_chain_precision(), backtrack_insn(), prepare_func_exit(), check_subprogs(), v5.8).
bool is_trace(std::string_view line) {
  static const RE2 pattern(
      R"(\d+:.*|from \d+ to \d+.*|; .*| (?:frame\d+: ?)?R\d.*|;.*)"
      R"(|mark_precise: .*|(?:last_idx|regs=|parent ).*|func#\d+ @\d+|returning from callee:)"
      R"(|SCC \w+ .*|to caller at \d+:|caller:|callee:|propagating r\d+|Validating .*|Func#\d+ .*)",
      bytewise());
  return RE2::FullMatch(piece(line), pattern);
}

/// The instruction at or before `end`, and the source line at or before the instruction.
void locate(const std::vector<std::string_view>& lines, std::size_t end, LogEnd& found) {
  std::size_t at = end;
  while (at > 0 && !instruction_of(lines[at - 1])) --at;
  if (at == 0) return;
  found.instruction = instruction_of(lines[at - 1]);
  for (std::size_t i = at; i > 0; --i) {
    if ((found.source = source_of(lines[i - 1]))) return;
  }
}

/// The reason, what was said just before it, and the instruction.
void collect_lines(const std::vector<std::string_view>& lines, std::size_t reason, LogEnd& found) {
  std::size_t first = reason;
  while (first > 0 && reason - first + 2 < kMeaningfulLines && !is_trace(lines[first - 1])) {
    --first;
  }
  for (std::size_t at = first; at > 0; --at) {
    if (!instruction_of(lines[at - 1])) continue;
    found.lines.emplace_back(lines[at - 1]);
    break;
  }
  for (std::size_t i = first; i <= reason; ++i) found.lines.emplace_back(lines[i]);
}

}  // namespace

std::size_t find_report(std::string_view log) {
  constexpr std::string_view kTitle = "\nVerification failed: ";
  const std::size_t start = log.size() > kTailBytes ? log.size() - kTailBytes : 0;
  const std::size_t at = log.substr(start).rfind(kTitle);
  return at == std::string_view::npos ? at : start + at + 1;
}

LogEnd read_log_end(std::string_view log) {
  LogEnd found;
  const std::vector<std::string_view> lines = last_lines(log.substr(0, find_report(log)));
  std::size_t end = lines.size();
  while (end > 0 && (is_statistics(lines[end - 1]) || is_state(lines[end - 1]))) --end;
  if (end == 0) return found;
  found.silent = false;
  const std::string_view last = without_instruction(lines[end - 1]);
  if (is_trace(last)) return found;
  found.reason = last;
  found.named_instruction = named_instruction(last);
  locate(lines, end - 1, found);
  if (!found.instruction && is_remark(last)) {
    found.reason = {};
    return found;
  }
  collect_lines(lines, end - 1, found);
  return found;
}

}  // namespace bpfmatrix
