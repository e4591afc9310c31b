#include "analysis/expect/judge_run.h"

#include <set>
#include <utility>

namespace bpfmatrix {

namespace {

constexpr std::string_view kNoOutcome = "planned, and has no outcome";

/// The plan may name a cell twice: it is one.
void add_missing(const std::vector<Outcome>& outcomes, const std::vector<std::string>& planned,
                 VerdictSummary& summary) {
  std::set<std::string_view> known;
  for (const Outcome& outcome : outcomes) known.insert(outcome.cell);
  for (const std::string& cell : planned) {
    if (!known.insert(cell).second) continue;
    CellVerdict verdict;
    verdict.doubts.push_back({"", std::string(kNoOutcome)});
    ++summary.counts[verdict.verdict];
    summary.notable.push_back({cell, std::move(verdict)});
  }
}

}  // namespace

bool VerdictSummary::all_known() const {
  return !counts.empty() && !counts.contains(Verdict::unsure) &&
         !counts.contains(Verdict::unavailable);
}

VerdictSummary judge_all(const std::vector<Outcome>& outcomes,
                         const std::vector<std::string>& planned, const RulesByCase& rules,
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
      summary.notable.push_back({outcome.cell, std::move(verdict)});
  }
  add_missing(outcomes, planned, summary);
  return summary;
}

}  // namespace bpfmatrix
