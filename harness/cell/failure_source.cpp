#include "cell/failure_source.h"

#include "elf/source_lines.h"
#include "outcome/verifier_log.h"

namespace bpfmatrix {

namespace {

std::optional<std::uint32_t> refused_instruction(const LoadOutcome& load) {
  if (load.stage.result != StageResult::failed || load.log_tail.empty()) return std::nullopt;
  const LogEnd end = read_log_end(load.log_tail);
  if (end.verdict.empty()) return std::nullopt;
  return end.named_instruction ? end.named_instruction : end.instruction;
}

}  // namespace

void locate_failures(const ObjectFile& object, Outcome& outcome) {
  std::optional<SourceLines> lines;
  for (ProgramOutcome& program : outcome.programs) {
    const std::optional<std::uint32_t> instruction = refused_instruction(program.load);
    if (!instruction) continue;
    if (!lines) {
      Result<SourceLines> read = SourceLines::read(object.file);
      if (!read) return;
      lines = *std::move(read);
    }
    const std::optional<SourceLocation> found = lines->find(program.name, *instruction);
    if (!found) continue;
    program.load.source = SourceLine{*instruction, found->file, found->line, found->text};
  }
}

}  // namespace bpfmatrix
