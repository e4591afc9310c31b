// What cells came to in earlier runs, in short, and what that says of a program. Pure; the file is
// history_file.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analysis/compare/program_state.h"
#include "analysis/compare/support.h"
#include "analysis/expect/judge.h"
#include "analysis/expect/root_causes.h"
#include "outcome/kernel_facts_file.h"

namespace bpfmatrix {

struct HistoryRun {
  /// RunSpec::id, and when it began, in seconds since 1970; 0: not known.
  std::string id{};
  std::int64_t started = 0;
  /// Where it lay when it was kept.
  std::string dir{};
};

struct HistoryCell {
  std::string cell{};
  std::string case_id{};
  std::string kernel{};
  std::string release{};
  std::string arch{};
  std::string btf{};
  std::string loader{};
  /// A path or a name, and the hash; empty where it never came to that.
  std::string object{};
  std::string object_sha256{};
  Verdict verdict = Verdict::unsure;
  /// Why it has no result; empty: it has.
  std::string problem{};
  CellState programs{};
};

struct HistoryEntry {
  HistoryRun run{};
  HistoryCell cell{};
};

/// `kernel` is what is known of it; nullptr: nothing.
HistoryCell history_cell(const Outcome& outcome, Verdict verdict, const KernelFacts* kernel);

/// On which kernels each program of these cells works: the last entry of each cell, and only those
/// of the same object, which is the newest of its case and architecture, or `sha256` if that is not
/// empty. `entries` in the order of their runs.
SupportTable support_of(const std::vector<HistoryEntry>& entries, const std::string& sha256 = "");

/// What is known of one cell from runs before this one, in their order.
using EarlierEntries = std::function<std::vector<HistoryEntry>(const std::string& cell)>;

/// A thing that went wrong now, and may have gone wrong before.
bool is_bad_news(Verdict verdict);

/// What cells came to in this run, by their ids.
using StatesNow = std::map<std::string, CellState, std::less<>>;

/// Says of each root cause that is bad news whether its programs came to the same in an earlier
/// run: RootCause::seen. Of one with a cell that is not among `now` nothing is said.
void mark_seen(std::vector<RootCause>& roots, const StatesNow& now, const EarlierEntries& earlier);

/// "2026-11-30"; "" for 0.
std::string day_text(std::int64_t started);

}  // namespace bpfmatrix
