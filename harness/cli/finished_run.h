// A run directory with what its cells are judged by, as `judge` and `report` read it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/expect/judge_run.h"
#include "base/result.h"
#include "matrix/run_spec.h"
#include "outcome/cells.h"

namespace bpfmatrix {

struct FinishedRun {
  std::string dir{};
  Cells cells{};
  /// Ids of all planned cells; empty where only outcomes were kept.
  std::vector<std::string> planned{};
  /// What the run was asked to do, without its cells; nothing where only outcomes were kept.
  std::optional<RunSpec> asked{};
  /// Of the suite as it is now, and of the objects that were run by file.
  RulesByCase rules{};
  /// Those of the objects: nothing but that they load and attach.
  std::set<std::string> without_rules{};
};

/// What the run in `dir` was asked to do; nothing where only its outcomes were kept.
Result<std::optional<RunSpec>> asked_of(const std::string& dir);

/// `cases`: the folder of cases; empty: those that come with bpfmatrix. Error: its
/// run.json is none, or there are no such cases. Whether there are outcomes shows when its cells
/// are read.
Result<FinishedRun> read_finished_run(const std::string& dir, const std::string& cases = "");

}  // namespace bpfmatrix
