#include <fmt/format.h>

#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

/// "ended by itself with exit code 1"; "stopped with signal 2, ended with exit code 0".
std::string end_text(const AppOutcome& app) {
  std::string text = app.stop_signal
                         ? fmt::format("stopped with signal {}, ended", *app.stop_signal)
                         : std::string("ended by itself");
  text += app.exit_code ? fmt::format(" with exit code {}", *app.exit_code)
                        : fmt::format(" by signal {}", app.signal.value_or(0));
  return text;
}

}  // namespace

std::string explain_loader(const Telling& told) {
  const std::optional<AppOutcome>& app = told.outcome.app;
  if (!app) return "";
  std::string text = fmt::format("'{}' {}", app->path, end_text(*app));
  if (app->probes > 0) text += fmt::format("; made {} probe calls", app->probes);
  if (!app->own) return labelled("app", text);
  const OwnOutcome& own = *app->own;
  if (own.said_ready)
    text += *own.said_ready ? "; said that it is ready" : "; never said that it is ready";
  if (own.output_matched)
    text += *own.output_matched ? "; its output is as wanted" : "; its output is not as wanted";
  text = labelled("app", text);
  if (!own.last_words.empty()) text += "its last words:\n" + quoted(own.last_words, "  | ");
  return text;
}

}  // namespace bpfmatrix
