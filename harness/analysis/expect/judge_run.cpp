#include "analysis/expect/judge_run.h"

#include <utility>

namespace bpfmatrix {

namespace {

bool has_ended(const Outcome& outcome) {
  const bool came_to_its_end = outcome.end == End::completed || outcome.end == End::panicked;
  return came_to_its_end && outcome.vm.flaky.empty();
}

}  // namespace

VerdictSummary judge_all(const std::vector<Outcome>& outcomes, const RulesByCase& rules,
                         RunKernels* kernels, const Features* features) {
  static const std::vector<ExpectationRule> kNone;
  VerdictSummary summary;
  for (const Outcome& outcome : outcomes) {
    const auto found = rules.find(outcome.case_id);
    const KernelFacts* kernel = kernels != nullptr ? kernels->of(outcome) : nullptr;
    CellVerdict verdict = judge(outcome, found == rules.end() ? kNone : found->second,
                                condition_facts(outcome, kernel, features), kernel);
    ++summary.counts[verdict.verdict];
    if (verdict.verdict != Verdict::as_expected)
      summary.notable.push_back({outcome.cell, std::move(verdict), has_ended(outcome)});
  }
  return summary;
}

}  // namespace bpfmatrix
