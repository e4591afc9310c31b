#include <fmt/format.h>

#include "analysis/run_words.h"
#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

std::string_view word(const std::optional<bool>& known) {
  if (!known) return "?";
  return *known ? "yes" : "no";
}

std::string events_text(const std::vector<AttachCandidate>& candidates) {
  std::string text = fmt::format("    {:<40} {}\n", "candidate", "tracepoint");
  for (const AttachCandidate& one : candidates) {
    text += fmt::format("    {:<40} {}\n", one.symbol, word(one.is_event));
  }
  return text;
}

/// What the kernel knows of each name: a small table.
std::string candidates_text(const std::vector<AttachCandidate>& candidates) {
  if (candidates.empty()) return "";
  if (candidates.front().is_event) return events_text(candidates);
  constexpr std::string_view kRow = "    {:<28} {:<9} {:<10} {:<10} {}\n";
  std::string text =
      fmt::format(fmt::runtime(kRow), "candidate", "kallsyms", "traceable", "blacklist", "BTF");
  for (const AttachCandidate& one : candidates) {
    text += fmt::format(fmt::runtime(kRow), one.symbol, word(one.in_kallsyms), word(one.traceable),
                        word(one.blacklisted), word(one.in_btf));
  }
  return text;
}

}  // namespace

std::string explain_attach(const Telling& told, const ProgramOutcome& program) {
  const AttachOutcome& attach = program.attach;
  std::string text = stage_text(attach.stage);
  if (left_unattached(told.outcome, program))
    text += ": the application loaded it and did not attach it where its section says";
  if (!attach.method.empty()) text += fmt::format(", {}", attach.method);
  if (!attach.requested.empty()) text += fmt::format(", requested '{}'", attach.requested);
  if (!attach.actual.empty()) text += fmt::format(", actual '{}'", attach.actual);
  return labelled("  attach", text) + candidates_text(attach.candidates);
}

}  // namespace bpfmatrix
