// Where runs are kept for later: the history of the store, or a file that was named. What a command
// asks of it, and what it leaves there.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/expect/judge_run.h"
#include "analysis/expect/root_causes.h"
#include "base/result.h"
#include "history/history_file.h"
#include "matrix/run_spec.h"
#include "outcome/cells.h"

namespace bpfmatrix {

struct HistoryOptions {
  /// Empty: $BPFMATRIX_HISTORY, which may be empty to have none, else the store's.
  std::string file{};
  bool wanted = true;
};

/// --history and --no-history.
void add_history_options(CLI::App& command, HistoryOptions& options);

/// Nothing: there is to be none. Error: there is no store.
Result<std::optional<std::filesystem::path>> history_file_of(const HistoryOptions& options);

/// Before anything is run: a file that was named can be used.
Result<> check_history(const HistoryOptions& options);

/// A run, on its way into the history.
class RunHistory {
 public:
  /// `asked` may be nullptr: then, and where the run has no id, there is nothing to keep.
  RunHistory(const HistoryOptions& options, const RunSpec* asked, std::string run_dir);

  /// A cell that is not as expected, for mark().
  void note(const JudgedCell& cell, const Outcome& outcome, RunKernels& kernels);
  /// Sets RootCause::seen by the runs before this one.
  void mark(std::vector<RootCause>& roots);
  /// Keeps the run in place of what was kept of it. Trouble is said, and changes no exit code: the
  /// run itself is not touched by it.
  void keep(const Cells& cells, const VerdictSummary& summary, RunKernels& kernels);

 private:
  HistoryFile* open(HistoryFile::For what);
  void give_up(const Error& error);

  HistoryOptions options_;
  HistoryRun run_{};
  bool is_wanted_ = false;
  std::optional<HistoryFile> file_{};
  StatesNow noted_{};
};

}  // namespace bpfmatrix
