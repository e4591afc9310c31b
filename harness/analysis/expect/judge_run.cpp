#include "analysis/expect/judge_run.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/ids.h"
#include "base/kernel_version.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kNoOutcome = "planned, and has no outcome";

/// A glob without '/' is about kernels.
bool matches(const std::vector<std::string>& globs, std::string_view cell) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    const bool of_kernel = glob.find('/') == glob.npos;
    return glob_match(glob, of_kernel ? cell.substr(0, cell.find('/')) : cell);
  });
}

Verdict verdict_of(Change change) {
  switch (change) {
    case Change::none:
      return Verdict::as_expected;
    case Change::added:
      return Verdict::added;
    case Change::gone:
      return Verdict::gone;
    case Change::changed:
      return Verdict::changed;
    case Change::fixed:
      return Verdict::fixed;
    case Change::regressed:
      return Verdict::regressed;
  }
  return Verdict::unsure;
}

void keep_old_lines(const CellState& before, const std::optional<KernelVersion>& kernel,
                    const Thresholds& thresholds, CellState& now) {
  for (ProgramState& state : now) {
    const auto same = std::find_if(before.begin(), before.end(), [&](const ProgramState& old) {
      return reads_the_same(old, state, kernel, thresholds);
    });
    if (same != before.end()) state = *same;
  }
}

}  // namespace

RunJudge::RunJudge(const RulesByCase& rules, RunKernels* kernels, const Features* features,
                   Against against)
    : rules_(rules), kernels_(kernels), features_(features), against_(std::move(against)) {}

const JudgedCell* RunJudge::take(const Outcome& outcome) {
  static const Expectations kNone;
  const KernelFacts* kernel = kernels_ != nullptr ? kernels_->of(outcome) : nullptr;
  const auto found = rules_.find(outcome.case_id);
  JudgedCell cell{.cell = outcome.cell, .has_outcome = true};
  cell.verdict = judge(outcome, found == rules_.end() ? kNone : found->second,
                       condition_facts(outcome, kernel, features_), kernel);
  if (against_.baseline != nullptr) {
    const bool has_rules =
        found != rules_.end() && !against_.without_rules.contains(outcome.case_id);
    compare_with_baseline(outcome, kernel, has_rules, cell);
  }
  return add(std::move(cell));
}

/// What a rule of the case's own says counts, whatever the baseline had; where there is none, the
/// baseline is what is expected.
void RunJudge::compare_with_baseline(const Outcome& outcome, const KernelFacts* kernel,
                                     bool has_rules, JudgedCell& cell) const {
  Verdict& verdict = cell.verdict.verdict;
  const auto before = against_.baseline->find(outcome.cell);
  const bool is_known = before != against_.baseline->end();
  const std::optional<CellState> now = cell_state(outcome, kernel);
  if (!now) {
    if (is_known) cell.carried = before->second;
    if (verdict == Verdict::unavailable) return;
    verdict = Verdict::unsure;
    if (cell.verdict.doubts.empty()) {
      cell.verdict.doubts.push_back({"", outcome.end_reason.empty()
                                             ? "nothing that may be compared was found out"
                                             : outcome.end_reason});
    }
    return;
  }
  const bool breaks_rule = has_rules && verdict == Verdict::unexpected;
  if (!is_known) {
    for (const ProgramState& state : *now)
      cell.changes.push_back({state.program, Change::added, {state_text(state)}});
  } else {
    cell.changes = compare(before->second, *now, parse_kernel_version(outcome.kernel.release),
                           against_.thresholds);
  }
  Change change = gravest(cell.changes);
  // Of a cell that is in both, a program that is in one only is a change.
  if (is_known && (change == Change::gone || change == Change::added)) change = Change::changed;
  const bool is_unsure = has_rules && verdict == Verdict::unsure;
  if (change == Change::regressed || (!breaks_rule && !is_unsure)) verdict = verdict_of(change);
}

const JudgedCell* RunJudge::add(JudgedCell cell) {
  const Verdict verdict = cell.verdict.verdict;
  seen_.insert(cell.cell);
  cell.required = matches(against_.required, cell.cell);
  cell.optional = !cell.required && matches(against_.optional, cell.cell);
  ++summary_.counts[verdict];
  const bool is_worse = verdict == Verdict::unexpected || verdict == Verdict::regressed;
  const bool is_known = verdict != Verdict::unsure && verdict != Verdict::unavailable;
  const bool is_there = is_known && verdict != Verdict::gone;
  const bool is_bad_news = verdict == Verdict::added && !cell.verdict.mismatches.empty();
  cell.fails = !cell.optional && (is_worse || (cell.required && (!is_there || is_bad_news)));
  if (cell.fails) ++summary_.failing;
  if (!cell.fails && !is_known && !cell.optional) ++summary_.not_known;
  if (verdict == Verdict::as_expected) return nullptr;
  return &summary_.notable.emplace_back(std::move(cell));
}

/// A name that must be there and is mistyped would be no gate.
void RunJudge::take_unmatched() {
  for (const std::string& glob : against_.required) {
    const bool is_met = std::any_of(seen_.begin(), seen_.end(),
                                    [&](const std::string& cell) { return matches({glob}, cell); });
    if (is_met) continue;
    JudgedCell cell{.cell = glob};
    cell.verdict.doubts.push_back(
        {"", "required, and no cell of the run or the baseline is called so"});
    cell.required = true;
    cell.fails = true;
    ++summary_.counts[Verdict::unsure];
    ++summary_.failing;
    summary_.notable.push_back(std::move(cell));
  }
}

VerdictSummary RunJudge::finish(const std::vector<std::string>& planned) {
  for (const std::string& name : planned) {
    // The plan may name a cell twice: it is one.
    if (seen_.contains(name)) continue;
    JudgedCell cell{.cell = name};
    cell.verdict.doubts.push_back({"", std::string(kNoOutcome)});
    add(std::move(cell));
  }
  if (against_.baseline != nullptr) {
    for (const auto& [name, state] : *against_.baseline) {
      if (seen_.contains(name)) continue;
      add({.cell = name, .verdict = {.verdict = Verdict::gone}, .carried = state});
    }
  }
  take_unmatched();
  // Cells end in another order in each run; what is said of them does not depend on it.
  std::sort(summary_.notable.begin(), summary_.notable.end(),
            [](const JudgedCell& a, const JudgedCell& b) { return a.cell < b.cell; });
  return std::move(summary_);
}

VerdictSummary judge_all(const std::vector<Outcome>& outcomes,
                         const std::vector<std::string>& planned, const RulesByCase& rules,
                         RunKernels* kernels, const Features* features, const Against& against) {
  RunJudge run(rules, kernels, features, against);
  for (const Outcome& outcome : outcomes) run.take(outcome);
  return run.finish(planned);
}

Acceptance::Acceptance(const Baseline& before, const std::vector<std::string>& planned, bool prune,
                       RunKernels* kernels, const Thresholds& thresholds)
    : before_(before), kernels_(kernels), thresholds_(thresholds) {
  if (!prune) {
    after_ = before;
    return;
  }
  for (const std::string& cell : planned) {
    if (const auto kept = before.find(cell); kept != before.end()) after_.insert(*kept);
  }
}

void Acceptance::take(const Outcome& outcome) {
  const KernelFacts* kernel = kernels_ != nullptr ? kernels_->of(outcome) : nullptr;
  std::optional<CellState> now = cell_state(outcome, kernel);
  if (!now) return;
  const auto known = before_.find(outcome.cell);
  if (known != before_.end()) {
    keep_old_lines(known->second, parse_kernel_version(outcome.kernel.release), thresholds_, *now);
  }
  after_[outcome.cell] = *std::move(now);
}

Baseline accept(const Baseline& before, const std::vector<Outcome>& outcomes,
                const std::vector<std::string>& planned, RunKernels* kernels, bool prune,
                const Thresholds& thresholds) {
  Acceptance acceptance(before, planned, prune, kernels, thresholds);
  for (const Outcome& outcome : outcomes) acceptance.take(outcome);
  return acceptance.finish();
}

}  // namespace bpfmatrix
