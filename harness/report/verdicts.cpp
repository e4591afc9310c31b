#include "report/verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/printable.h"

namespace bpfmatrix {

namespace {

std::string mismatch_text(const Mismatch& mismatch) {
  std::string text = mismatch.program.empty() ? "" : fmt::format("'{}': ", mismatch.program);
  text += fmt::format("{}: wanted {}, got {}", mismatch.field, fmt::join(mismatch.wanted, " or "),
                      mismatch.got);
  if (!mismatch.because.empty()) text += fmt::format(" ({})", mismatch.because);
  return printable(text);
}

std::string unexpected_text(const JudgedCell& cell, const std::string& run_dir) {
  std::string text = fmt::format("unexpected: {}\n", printable(cell.cell));
  for (const Mismatch& mismatch : cell.verdict.mismatches)
    text += fmt::format("  {}\n", mismatch_text(mismatch));
  return text + fmt::format("  look closer: bpfmatrix explain {} {}\n", printable(run_dir),
                            printable(cell.cell));
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

}  // namespace

std::string render_verdicts(const VerdictSummary& summary, const std::string& run_dir) {
  std::string text;
  for (const JudgedCell& cell : summary.notable) {
    if (cell.verdict.verdict == Verdict::unexpected) text += unexpected_text(cell, run_dir);
  }
  text += doubts_text(summary);
  std::vector<std::string> counts;
  for (const Word<Verdict>& one : words_of(Verdict{})) {
    const auto found = summary.counts.find(one.value);
    if (found == summary.counts.end()) continue;
    counts.push_back(fmt::format("{} {}", found->second, one.word));
  }
  return text + fmt::format("{}\n", fmt::join(counts, ", "));
}

OrderedJson to_json(const VerdictSummary& summary) {
  OrderedJson counts = OrderedJson::object();
  for (const Word<Verdict>& one : words_of(Verdict{})) {
    const auto found = summary.counts.find(one.value);
    counts[std::string(one.word)] = found == summary.counts.end() ? 0 : found->second;
  }
  OrderedJson cells = OrderedJson::array();
  for (const JudgedCell& cell : summary.notable) {
    OrderedJson mismatches = OrderedJson::array();
    for (const Mismatch& m : cell.verdict.mismatches) {
      mismatches.push_back({{"program", m.program},
                            {"field", m.field},
                            {"wanted", m.wanted},
                            {"got", m.got},
                            {"because", m.because}});
    }
    OrderedJson doubts = OrderedJson::array();
    for (const Doubt& doubt : cell.verdict.doubts)
      doubts.push_back({{"program", doubt.program}, {"reason", doubt.reason}});
    cells.push_back({{"cell", cell.cell},
                     {"verdict", to_string(cell.verdict.verdict)},
                     {"mismatches", std::move(mismatches)},
                     {"doubts", std::move(doubts)}});
  }
  return {{"counts", std::move(counts)}, {"not_as_expected", std::move(cells)}};
}

}  // namespace bpfmatrix
