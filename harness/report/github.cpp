#include <fmt/format.h>

#include "base/printable.h"
#include "report/counted.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

/// As the runner unescapes it (actions/toolkit, packages/core/src/command.ts).
std::string command_data(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) escaped += c == '%' ? std::string("%25") : std::string(1, c);
  return escaped;
}
std::string command_property(std::string_view text) {
  std::string escaped;
  for (const char c : command_data(text)) {
    escaped += c == ':' ? std::string("%3A") : c == ',' ? std::string("%2C") : std::string(1, c);
  }
  return escaped;
}

const char* level_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::regressed:
    case Verdict::unexpected:
      return "error";
    case Verdict::changed:
    case Verdict::added:
      return "warning";
    default:
      return "notice";
  }
}

}  // namespace

std::string render_github(const ReportView& view) {
  std::string text;
  for (const RootCause& root : view.roots) {
    std::string line = fmt::format("::{} ", level_of(root.verdict));
    const std::size_t colon = root.source.rfind(':');
    if (colon != std::string::npos) {
      line += fmt::format("file={},line={},", command_property(root.source.substr(0, colon)),
                          command_property(root.source.substr(colon + 1)));
    }
    line += fmt::format("title={}::{}: {}",
                        command_property(fmt::format("bpfmatrix, {}", to_string(root.verdict))),
                        command_data(subject_text(root)), command_data(root.what));
    if (!root.cause.empty()) line += fmt::format("; {}", command_data(root.cause));
    if (!root.advice.empty()) line += fmt::format("; {}", command_data(root.advice));
    text += line + "\n";
  }
  if (view.not_known > 0)
    text += fmt::format("::warning title=bpfmatrix::not known: {}\n",
                        counted(static_cast<std::size_t>(view.not_known), "cell"));
  return text + fmt::format("::notice title=bpfmatrix::{}\n", command_data(view.counts_text()));
}

}  // namespace bpfmatrix
