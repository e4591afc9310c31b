#include <fmt/format.h>

#include "analysis/advice.h"
#include "analysis/causes/finding.h"
#include "report/commands.h"
#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

std::string stats_text(const VerifierStats& stats) {
  std::string text;
  const auto number = [&](std::string_view name, const std::optional<std::uint64_t>& value) {
    if (value) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", *value, name);
  };
  number("instructions processed", stats.insns);
  number("states", stats.states_total);
  number("states at peak", stats.states_peak);
  number("bytes of stack", stats.stack_bytes);
  number("µs in the verifier", stats.verification_usec);
  number("bytes xlated", stats.xlated_bytes);
  number("bytes jited", stats.jited_bytes);
  return text;
}

}  // namespace

std::string explain_load(const Telling& told, const ProgramOutcome& program) {
  const LoadOutcome& load = program.load;
  std::string text = labelled("  load", stage_text(load.stage));
  if (const std::string stats = stats_text(load.stats); !stats.empty())
    text += labelled("  verifier", stats);
  if (load.stage.result == StageResult::failed && !load.log_tail.empty())
    text += "  the verifier's last lines:\n" + quoted(load.log_tail, "    | ");
  if (load.log_sha256.empty()) return text;
  return text +
         labelled("  whole log", explain_command(told.run_dir, told.outcome.cell, program.name) +
                                     (load.log_truncated ? " (its beginning is missing)" : ""));
}

std::string explain_cause(const Telling& told, const ProgramOutcome& program) {
  const Finding finding = find_cause(told.outcome, &program, told.kernel);
  const std::string what_to_do = advice(told.outcome, &program, told.features, told.kernel);
  const std::optional<SourceLine>& source = program.load.source;
  return (finding.sentence.empty() ? "" : labelled("  cause", finding.sentence)) +
         (source
              ? labelled("  at", fmt::format("{}:{}: {}", source->file, source->line, source->text))
              : "") +
         (what_to_do.empty() ? "" : labelled("  advice", what_to_do));
}

}  // namespace bpfmatrix
