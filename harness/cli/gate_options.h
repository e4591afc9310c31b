// What `run` and `judge` hold a run against beside its cases' rules: a baseline, and which cells
// must be there or may be missing.
#pragma once

#include <CLI/CLI.hpp>
#include <set>
#include <string>
#include <vector>

#include "analysis/expect/judge_run.h"
#include "base/result.h"
#include "outcome/cells.h"

namespace bpfmatrix {

struct GateOptions {
  /// A baseline file, or the directory of a run.
  std::string baseline{};
  bool accept = false;
  bool prune = false;
  Thresholds thresholds{};
  std::vector<std::string> required{};
  std::vector<std::string> optional{};
};

enum class Accepting { on_request, never };
void add_gate_options(CLI::App& command, GateOptions& options,
                      Accepting accepting = Accepting::on_request);

/// What a run is judged against, and what that is made of.
struct Gate {
  /// A baseline was named; it may be empty.
  bool is_there = false;
  Baseline baseline{};
  /// Without the baseline, which moves with this.
  Against against{};

  /// What there is to say of a run's cells. All that it is given, and this, outlive it; `features`
  /// may be nullptr.
  RunJudge judge(const RulesByCase& rules, RunKernels& kernels, const Features* features) const;
};

/// Before anything is run: the error that open_gate() would give for the baseline's file as it is.
Result<> check_gate(const GateOptions& options);

/// Reads the baseline; with `--accept` shows how the run in `run_dir` changes it, and writes it.
/// `without_rules`: cases for which the baseline is all that is expected. Error: the baseline
/// cannot be read or written, or is no file where one is to be written; the cells cannot be read.
Result<Gate> open_gate(const GateOptions& options, const Cells& cells,
                       const std::vector<std::string>& planned, const std::string& run_dir,
                       std::set<std::string> without_rules);

}  // namespace bpfmatrix
