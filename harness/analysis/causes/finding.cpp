#include "analysis/causes/finding.h"

#include <fmt/format.h>

#include "analysis/causes/attach_reason.h"

namespace bpfmatrix {

namespace {

std::string sentence_of(const Diagnosis& diagnosis) {
  std::string text(short_text(diagnosis.cause));
  if (!diagnosis.subject.empty()) text += fmt::format(": '{}'", diagnosis.subject);
  if (diagnosis.instruction) text += fmt::format(", at instruction {}", *diagnosis.instruction);
  if (diagnosis.source && diagnosis.source->line > 0) {
    text += fmt::format(" ({}:{})", diagnosis.source->file, diagnosis.source->line);
  }
  if (diagnosis.source && !diagnosis.source->text.empty())
    text += fmt::format(", `{}`", diagnosis.source->text);
  return text;
}

/// The machine's end, when that is all there is to say.
Finding machine_finding(const Outcome& outcome) {
  std::string word(to_string(outcome.end));
  return {word,
          outcome.end_reason.empty() ? word : fmt::format("{}: {}", word, outcome.end_reason)};
}

/// The object's own failure, if it never got to programs.
std::optional<Diagnosis> diagnose_object(const Outcome& outcome) {
  if (outcome.open.result != StageResult::failed) return std::nullopt;
  return diagnose_program(outcome, ProgramOutcome{});
}

}  // namespace

Finding find_cause(const Outcome& outcome, const ProgramOutcome* program,
                   const KernelFacts* kernel) {
  if (outcome.end != End::completed) return machine_finding(outcome);
  const std::optional<Diagnosis> diagnosis =
      program != nullptr ? diagnose_program(outcome, *program, kernel) : diagnose_object(outcome);
  if (!diagnosis) return {};
  Finding finding{std::string(short_text(diagnosis->cause)), sentence_of(*diagnosis)};
  const std::string reason =
      program != nullptr ? attach_reason(outcome, *program, kernel) : std::string();
  if (!reason.empty()) finding.sentence += fmt::format("; {}", reason);
  return finding;
}

}  // namespace bpfmatrix
