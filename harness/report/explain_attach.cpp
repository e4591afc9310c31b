#include <fmt/format.h>

#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

std::string explain_attach(const Telling&, const ProgramOutcome& program) {
  const AttachOutcome& attach = program.attach;
  std::string text = stage_text(attach.stage, "attached");
  if (!attach.method.empty()) text += fmt::format(", {}", attach.method);
  if (!attach.asked.empty()) text += fmt::format(", asked for '{}'", attach.asked);
  if (!attach.taken.empty()) text += fmt::format(", took '{}'", attach.taken);
  return labelled("  attach", text);
}

}  // namespace bpfmatrix
