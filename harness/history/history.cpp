#include "history/history.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "analysis/compare/compare.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

bool reads_alike(const ProgramState& a, const ProgramState& b) {
  return a.program == b.program && a.sign == b.sign && a.cause == b.cause && a.wrong == b.wrong;
}

/// By case and architecture: sources are compiled once for each.
std::map<std::pair<std::string, std::string>, std::string> newest_objects(
    const std::vector<HistoryEntry>& entries) {
  std::map<std::pair<std::string, std::string>, std::string> newest;
  for (const HistoryEntry& entry : entries) {
    if (!entry.cell.object_sha256.empty())
      newest[{entry.cell.case_id, entry.cell.arch}] = entry.cell.object_sha256;
  }
  return newest;
}

/// "CASE", "CASE:PROGRAM": as a root cause names it.
std::string name_in_root(const std::string& cell, const std::string& program) {
  const std::vector<std::string_view> parts = split(cell, '/');
  const std::string_view case_id = parts.size() > 1 ? parts[1] : std::string_view();
  return program.empty() ? std::string(case_id) : fmt::format("{}:{}", case_id, program);
}

/// What earlier runs of a root cause's cells say.
class Looking {
 public:
  explicit Looking(const EarlierEntries& earlier) : earlier_(earlier) {}

  void look(const RootCause& root, const std::string& cell, const CellState& now) {
    CellState states;
    for (const ProgramState& state : now) {
      if (root.programs.contains(name_in_root(cell, state.program))) states.push_back(state);
    }
    for (const HistoryEntry& entry : earlier_(cell)) {
      if (entry.cell.programs.empty()) continue;
      is_known_ = true;
      const bool is_same = std::any_of(states.begin(), states.end(), [&](const auto& state) {
        return std::any_of(entry.cell.programs.begin(), entry.cell.programs.end(),
                           [&](const auto& before) { return reads_alike(state, before); });
      });
      if (is_same) same_.insert(entry.run.started);
    }
  }

  std::string words() const {
    if (!is_known_) return "";
    if (same_.empty()) return "first seen in this run";
    const std::int64_t since = *same_.begin();
    return since == 0 ? "seen before" : "seen since " + day_text(since);
  }

 private:
  const EarlierEntries& earlier_;
  bool is_known_ = false;
  /// When runs began that had the same.
  std::set<std::int64_t> same_{};
};

}  // namespace

bool is_bad_news(Verdict verdict) {
  return verdict == Verdict::unexpected || verdict == Verdict::regressed ||
         verdict == Verdict::changed;
}

std::string day_text(std::int64_t started) {
  // What fmt can show: years of four digits.
  constexpr std::int64_t kEnd = 253'402'300'800;
  if (started <= 0 || started >= kEnd) return "";
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(started)));
}

HistoryCell history_cell(const Outcome& outcome, Verdict verdict, const KernelFacts* kernel) {
  HistoryCell cell{.cell = outcome.cell,
                   .case_id = outcome.case_id,
                   .kernel = outcome.kernel.id,
                   .release = outcome.kernel.release,
                   .arch = outcome.kernel.arch,
                   .btf = outcome.btf_source,
                   .loader = outcome.loader,
                   .object = outcome.object.path,
                   .object_sha256 = outcome.object.sha256,
                   .verdict = verdict};
  std::optional<CellState> state = cell_state(outcome, kernel);
  if (state) {
    cell.programs = *std::move(state);
    return cell;
  }
  cell.problem = outcome.end_reason;
  if (cell.problem.empty() && !outcome.vm.flaky.empty()) cell.problem = "flaky";
  if (cell.problem.empty()) cell.problem = to_string(outcome.end);
  return cell;
}

SupportTable support_of(const std::vector<HistoryEntry>& entries, const std::string& sha256) {
  const auto newest = newest_objects(entries);
  std::map<std::string, const HistoryEntry*> last;
  for (const HistoryEntry& entry : entries) {
    const auto object = newest.find({entry.cell.case_id, entry.cell.arch});
    const std::string& wanted = !sha256.empty() || object == newest.end() ? sha256 : object->second;
    // A cell that never came to its object says nothing of any other either.
    const bool is_it = entry.cell.object_sha256 == wanted ||
                       (entry.cell.object_sha256.empty() && entry.cell.programs.empty());
    if (!is_it) continue;
    // That it could not be found out later takes nothing away.
    const HistoryEntry*& kept = last[entry.cell.cell];
    if (kept == nullptr || !entry.cell.programs.empty() || kept->cell.programs.empty())
      kept = &entry;
  }
  SupportBuilder builder;
  for (const auto& [name, entry] : last) {
    const HistoryCell& cell = entry->cell;
    const KernelPlace place = place_of(cell.kernel, cell.release, cell.arch);
    const auto add = [&](const std::string& program, Works works, std::string why) {
      builder.add({cell.case_id, program, cell.btf, cell.loader}, place,
                  {.kernel = cell.kernel, .works = works, .why = std::move(why)});
    };
    if (cell.programs.empty()) add("", Works::unknown, cell.problem);
    for (const ProgramState& state : cell.programs) {
      const Works known = works(state.sign);
      add(state.program, known, known == Works::yes ? "" : state_text(state));
    }
  }
  return builder.finish();
}

void mark_seen(std::vector<RootCause>& roots, const StatesNow& now, const EarlierEntries& earlier) {
  for (RootCause& root : roots) {
    const bool is_whole = std::all_of(root.cells.begin(), root.cells.end(),
                                      [&](const auto& cell) { return now.contains(cell); });
    if (!is_bad_news(root.verdict) || !is_whole) continue;
    Looking looking(earlier);
    for (const std::string& cell : root.cells) looking.look(root, cell, now.find(cell)->second);
    root.seen = looking.words();
  }
}

}  // namespace bpfmatrix
