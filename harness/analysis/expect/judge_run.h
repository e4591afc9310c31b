// All cells of a run, compared with what their cases expect and with a baseline.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_set>
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
  /// Otherwise it was planned and not run, or only the baseline has it.
  bool has_outcome = false;
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
using RulesByCase = std::map<std::string, Expectations>;

/// What a run is compared with beside its cases' rules.
struct Against {
  /// nullptr: none.
  const Baseline* baseline = nullptr;
  Thresholds thresholds{};
  /// Cases whose rules are only default_expectations(): the baseline knows better, and a cell that
  /// it does not have is `new`, not `unexpected`.
  std::set<std::string> without_rules{};
  /// Globs over ids of cells, or, without '/', of kernels. One of `required` that matches nothing
  /// fails.
  std::vector<std::string> required{};
  std::vector<std::string> optional{};
};

/// Judges cells one by one. A case that is not among the rules has no expectation. `kernels` and
/// `features` say what is known of the kernels; nullptr: nothing. All that it is given outlives it.
class RunJudge {
 public:
  RunJudge(const RulesByCase& rules, RunKernels* kernels, const Features* features,
           Against against);

  /// What is said of a cell that is not as expected, valid until the next; nullptr: it is.
  const JudgedCell* take(const Outcome& outcome);
  /// Once, at the end. A cell of `planned` without an outcome is unsure.
  VerdictSummary finish(const std::vector<std::string>& planned);

 private:
  void compare_with_baseline(const Outcome& outcome, const KernelFacts* kernel, bool has_rules,
                             JudgedCell& cell) const;
  const JudgedCell* add(JudgedCell cell);
  void take_unmatched();

  const RulesByCase& rules_;
  RunKernels* kernels_;
  const Features* features_;
  Against against_;
  std::unordered_set<std::string> seen_{};
  VerdictSummary summary_{};
};

/// All at once.
VerdictSummary judge_all(const std::vector<Outcome>& outcomes,
                         const std::vector<std::string>& planned, const RulesByCase& rules,
                         RunKernels* kernels = nullptr, const Features* features = nullptr,
                         const Against& against = {});

/// The baseline with what a run found out: the states of its conclusive cells in the place of the
/// old ones. A program that reads the same keeps its old line, so that what is reviewed is what
/// changed. Cells that this run did not plan stay, unless `prune`.
class Acceptance {
 public:
  /// `before` outlives it, and so does `kernels`, which may be nullptr.
  Acceptance(const Baseline& before, const std::vector<std::string>& planned, bool prune,
             RunKernels* kernels, const Thresholds& thresholds = {});
  void take(const Outcome& outcome);
  Baseline finish() { return std::move(after_); }

 private:
  const Baseline& before_;
  RunKernels* kernels_;
  Thresholds thresholds_;
  Baseline after_{};
};

/// All at once.
Baseline accept(const Baseline& before, const std::vector<Outcome>& outcomes,
                const std::vector<std::string>& planned, RunKernels* kernels, bool prune,
                const Thresholds& thresholds = {});

}  // namespace bpfmatrix
