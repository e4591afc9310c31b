// All cells of a run, compared with what their cases expect and with a baseline.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "analysis/compare/baseline.h"
#include "analysis/compare/compare.h"
#include "analysis/expect/judge.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct JudgedCell {
  std::string cell{};
  CellVerdict verdict{};
  /// Since the baseline. Of an unavailable cell: nothing, and `carried` is what it was there.
  std::vector<ProgramChange> changes{};
  CellState carried{};
  /// Whatever its verdict is, it decides nothing; or: it has to be known, and good.
  bool optional = false;
  bool required = false;
  /// It makes the exit code 1.
  bool fails = false;
};

struct VerdictSummary {
  std::map<Verdict, int> counts{};
  /// Everything but as_expected, by cell.
  std::vector<JudgedCell> notable{};
  /// How many cells decide the exit code: those that are worse than they may be (unexpected,
  /// regressed, required and not there), and those of which that is not known.
  int failing = 0;
  int not_known = 0;

  /// There is something, and all of it is known.
  bool all_known() const { return !counts.empty() && not_known == 0; }
};

/// By case id.
using RulesByCase = std::map<std::string, std::vector<ExpectationRule>>;

/// What a run is compared with beside its cases' rules.
struct Against {
  /// nullptr: none.
  const Baseline* baseline = nullptr;
  Thresholds thresholds{};
  /// Cases whose rules are only default_expectations(): the baseline knows better, and a cell that
  /// it does not have is `new`, not `unexpected`.
  std::set<std::string> without_rules{};
  /// Globs over ids of cells, or, without '/', of kernels.
  std::vector<std::string> required{};
  std::vector<std::string> optional{};
};

/// A case that is not among the rules has no expectation, and a cell of `planned` without an
/// outcome is unsure. `kernels` and `features` say what is known of the kernels; nullptr: nothing.
VerdictSummary judge_all(const std::vector<Outcome>& outcomes,
                         const std::vector<std::string>& planned, const RulesByCase& rules,
                         RunKernels* kernels = nullptr, const Features* features = nullptr,
                         const Against& against = {});

/// The baseline with what this run found out: the states of its conclusive cells in the place of
/// the old ones. A program that reads the same keeps its old line, so that what is reviewed is what
/// changed. Cells that this run did not plan stay, unless `prune`.
Baseline accept(const Baseline& before, const std::vector<Outcome>& outcomes,
                const std::vector<std::string>& planned, RunKernels* kernels, bool prune,
                const Thresholds& thresholds = {});

}  // namespace bpfmatrix
