#include <fmt/format.h>

#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

/// "ended by itself with exit code 1"; "told by signal 2, ended with exit code 0".
std::string end_text(const CommandOutcome& command) {
  std::string text = command.told_by ? fmt::format("told by signal {}, ended", *command.told_by)
                                     : std::string("ended by itself");
  text += command.exit_code ? fmt::format(" with exit code {}", *command.exit_code)
                            : fmt::format(" by signal {}", command.signal.value_or(0));
  return text;
}

}  // namespace

std::string explain_loader(const Telling& told) {
  const std::optional<CommandOutcome>& command = told.outcome.command;
  if (!command) return "";
  std::string text = fmt::format("'{}' {}", command->path, end_text(*command));
  if (command->probes > 0)
    text += fmt::format("; asked the kernel with {} probes", command->probes);
  return labelled("command", text);
}

}  // namespace bpfmatrix
