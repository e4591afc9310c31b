#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/printable.h"
#include "report/commands.h"
#include "report/counted.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

/// As text, whatever Markdown or HTML would make of it; nobody is mentioned, nothing becomes a
/// link. GitHub looks for "@name", "#1" and addresses once entities are characters again, in one
/// text at a time: a comment parts it. "www." is looked for before.
std::string as_text(std::string_view text) {
  constexpr std::string_view kMeaning = "&<>`*_[]()|@~\\!#:.";
  const std::string plain = printable(text);
  std::string escaped;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[i];
    const bool has_meaning = kMeaning.find(c) != kMeaning.npos;
    if (!has_meaning || (c == '.' && (i == 0 || (plain[i - 1] != 'w' && plain[i - 1] != 'W')))) {
      escaped += c;
      continue;
    }
    escaped += fmt::format("&#{};", int{c});
    if (c == '@' || c == '#') escaped += "<!-- -->";
  }
  return escaped;
}

std::string code(std::string_view text) { return fmt::format("<code>{}</code>", as_text(text)); }

std::string headline(const ReportView& view) {
  const std::string kernels = counted(view.kernels.size(), "kernel");
  const bool is_good = view.failing == 0 && view.not_known == 0 && !view.counts.empty();
  const char* sign = view.failing > 0 ? "❌" : is_good ? "✅" : "⚠";
  return fmt::format("{} **bpfmatrix: {}** on {}: {}\n", sign, view.verdict_text(), kernels,
                     as_text(view.counts_text()));
}

template <typename Names>
std::string names(const Names& all, std::string_view noun) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> shown;
  for (const std::string& name : all) {
    if (shown.size() == kShown) break;
    shown.push_back(code(name));
  }
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (all.size() > kShown) text += fmt::format(" and {} more {}", all.size() - kShown, noun);
  return text;
}

/// Of the first of its cells, how to run it again; empty: that is not known.
std::string again_text(const RootCause& root, const ReportView& view) {
  if (root.cells.empty()) return "";
  const auto cell =
      std::lower_bound(view.cells.begin(), view.cells.end(), *root.cells.begin(),
                       [](const ReportCell& one, const std::string& id) { return one.cell < id; });
  const bool is_there = cell != view.cells.end() && cell->cell == *root.cells.begin();
  if (!is_there || cell->again.empty()) return "";
  return fmt::format("\n  Run it again: {}\n", code(cell->again));
}

std::string root_item(const RootCause& root, const ReportView& view) {
  std::string text = fmt::format("- **{}**: {} on {}: {}", to_string(root.verdict),
                                 names(root.programs, "programs"), names(root.kernels, "kernels"),
                                 as_text(root.what));
  if (!root.cause.empty()) text += "; " + as_text(root.cause);
  if (!root.source.empty()) text += fmt::format(" ({})", code(root.source));
  if (!root.advice.empty()) text += "; " + as_text(root.advice);
  if (!root.seen.empty()) text += fmt::format("; **{}**", as_text(root.seen));
  text += "\n";
  text += "  <details><summary>" + counted(root.cells.size(), "cell") + "</summary>\n\n";
  constexpr std::size_t kShown = 20;
  std::size_t shown = 0;
  for (const std::string& cell : root.cells) {
    if (shown++ == kShown) break;
    text += fmt::format("  - {}\n", code(cell));
  }
  if (root.cells.size() > kShown)
    text += fmt::format("  - and {} more\n", root.cells.size() - kShown);
  if (root.dependents > 0) {
    text += fmt::format("  - {} programs of the same objects were not reached because of it\n",
                        root.dependents);
  }
  return text + fmt::format("\n  Look closer: {}\n{}\n  </details>\n",
                            code(explain_command(
                                view.run_dir, root.cells.empty() ? "CELL" : *root.cells.begin())),
                            again_text(root, view));
}

/// What is not known, by reason.
std::string not_known_text(const ReportView& view) {
  std::map<std::string_view, std::pair<int, std::string_view>> reasons;
  for (const ReportCell& cell : view.cells) {
    if (cell.is_known()) continue;
    auto& [count, example] = reasons[cell.problem];
    if (count++ == 0) example = cell.cell;
  }
  std::string text;
  for (const auto& [reason, cells] : reasons) {
    text += fmt::format("- **not known**: {} ({}, such as {})\n", as_text(reason),
                        counted(static_cast<std::size_t>(cells.first), "cell"), code(cells.second));
  }
  return text;
}

}  // namespace

std::string render_markdown(const ReportView& view, std::size_t max_bytes) {
  std::vector<std::string> parts;
  for (const RootCause& root : view.roots) parts.push_back(root_item(root, view));
  if (std::string unknown = not_known_text(view); !unknown.empty())
    parts.push_back(std::move(unknown));
  // By this line a comment is found again.
  std::string text = headline(view) + "\n<!-- bpfmatrix report -->\n";
  constexpr std::size_t kRoomForTheRest = 100;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (text.size() + parts[i].size() + kRoomForTheRest > max_bytes)
      return text +
             fmt::format("- and {} more, for which there is no room here\n", parts.size() - i);
    text += parts[i];
  }
  return text;
}

}  // namespace bpfmatrix
