#include "cell/failure_source.h"

#include "outcome/verifier_log.h"

namespace bpfmatrix {

namespace {

std::optional<std::uint32_t> rejected_instruction(std::string_view log_tail) {
  if (log_tail.empty()) return std::nullopt;
  const LogEnd end = read_log_end(log_tail);
  if (end.reason.empty()) return std::nullopt;
  return end.named_instruction ? end.named_instruction : end.instruction;
}

}  // namespace

std::optional<SourceLine> failure_source(const SourceLines& lines, std::string_view program,
                                         std::string_view log_tail) {
  const std::optional<std::uint32_t> instruction = rejected_instruction(log_tail);
  if (!instruction) return std::nullopt;
  const std::optional<SourceLocation> found = lines.find(program, *instruction);
  if (!found) return std::nullopt;
  return SourceLine{*instruction, found->file, found->line, found->text};
}

}  // namespace bpfmatrix
