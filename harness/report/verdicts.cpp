#include "report/verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/printable.h"
#include "report/commands.h"
#include "report/counted.h"

namespace bpfmatrix {

namespace {

/// The names behind "3 programs on 2 kernels", as many as help.
std::string names_text(const RootCause& root) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (const std::set<std::string>* names : {&root.programs, &root.kernels}) {
    if (names->size() < 2) continue;
    const auto end = std::next(names->begin(), std::min(names->size(), kShown));
    text += fmt::format(
        "  {}: {}{}\n", names == &root.programs ? "programs" : "kernels",
        printable(fmt::format("{}", fmt::join(names->begin(), end, ", "))),
        names->size() > kShown ? fmt::format(", and {} more", names->size() - kShown) : "");
  }
  return text;
}

std::string root_text(const RootCause& root, const std::string& run_dir) {
  std::string line =
      fmt::format("{}: {}: {}", to_string(root.verdict), subject_text(root), root.what);
  if (!root.cause.empty()) line += "; " + root.cause;
  if (!root.source.empty()) line += fmt::format(" ({})", root.source);
  if (!root.advice.empty()) line += "; " + root.advice;
  if (!root.seen.empty()) line += "; " + root.seen;
  std::string text = printable(line) + "\n" + names_text(root);
  if (root.dependents > 0) {
    text += fmt::format("  because of it, not reached: {} of the same objects\n", root.dependents);
  }
  return text + fmt::format("  look closer: {}\n",
                            printable(explain_command(run_dir, *root.cells.begin())));
}

/// Reasons for doubt with the number of cells each stands for, so that hundreds read as a handful.
std::string doubts_text(const VerdictSummary& summary) {
  std::map<std::string, std::pair<int, std::string>> reasons;
  for (const JudgedCell& cell : summary.notable) {
    if (cell.verdict.verdict != Verdict::unsure) continue;
    const std::string reason =
        cell.verdict.doubts.empty() ? "" : cell.verdict.doubts.front().reason;
    auto& [count, example] = reasons[reason];
    if (count++ == 0) example = cell.cell;
  }
  std::string text;
  for (const auto& [reason, cells] : reasons) {
    text += fmt::format("unsure: {} ({}, such as {})\n", printable(reason), cells.first,
                        printable(cells.second));
  }
  return text;
}

/// Never silently: what is not there, and what it was when it was.
std::string carried_text(const VerdictSummary& summary) {
  int carried = 0;
  std::vector<std::string> gone;
  for (const JudgedCell& cell : summary.notable) {
    if (cell.verdict.verdict == Verdict::gone) {
      gone.push_back(cell.cell);
    } else if (!cell.carried.empty()) {
      ++carried;
    }
  }
  std::string text;
  if (carried > 0) {
    text += fmt::format(
        "carried forward: {} could not be tried; the baseline says what was known before\n",
        counted(static_cast<std::size_t>(carried), "cell"));
  }
  if (!gone.empty()) {
    text += fmt::format("gone: the baseline has {} that this run did not plan, such as {}\n",
                        counted(gone.size(), "cell"), printable(gone.front()));
  }
  return text;
}

}  // namespace

std::string render_verdicts(const VerdictSummary& summary, const std::vector<RootCause>& roots,
                            const std::string& run_dir) {
  std::string text;
  for (const RootCause& root : roots) text += root_text(root, run_dir);
  text += doubts_text(summary) + carried_text(summary);
  if (summary.counts.empty()) text += "nothing was planned, and nothing was run\n";
  std::vector<std::string> counts;
  for (const Word<Verdict>& one : words_of(Verdict{})) {
    const auto found = summary.counts.find(one.value);
    if (found == summary.counts.end()) continue;
    counts.push_back(fmt::format("{} {}", found->second, one.word));
  }
  return text + fmt::format("{}\n", fmt::join(counts, ", "));
}

}  // namespace bpfmatrix
