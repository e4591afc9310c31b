// Any bytes as the outcomes of a stranger's run, a line each: each is written as it was read,
// judged and explained, and all that is shown is printable.
#include "analysis/expect/judge_run.h"
#include "base/lines.h"
#include "base/testing/fuzz_target.h"
#include "outcome/cells.h"
#include "outcome/outcome_fields.h"
#include "outcome/testing/require_readable.h"
#include "report/explain.h"
#include "report/json_report.h"
#include "report/matrix_view.h"
#include "report/terminal.h"
#include "report/verdicts.h"

namespace bpfmatrix {
namespace {

const Features& features() {
  static const Features all = *load_features(BPFMATRIX_SOURCE_DIR "/kernels/features.json");
  return all;
}

void try_outcome(const Outcome& outcome) {
  require_readable(outcome);
  require_printable(explain(outcome, features(), "run"));
}

void try_reports(const std::vector<Outcome>& outcomes) {
  const MatrixView view = make_matrix_view(outcomes);
  require_printable(render_terminal(view, {}));
  RulesByCase rules;
  for (const Outcome& outcome : outcomes) rules[outcome.case_id] = default_expectations();
  const VerdictSummary verdicts = judge_all(outcomes, {}, rules, nullptr, &features());
  const std::vector<RootCause> roots = root_causes(verdicts, outcomes, nullptr, &features());
  require_printable(render_verdicts(verdicts, roots, "run"));
  require_printable(json_text(json_report(view, verdicts, roots), 1));
  // A run compared with itself has changed in nothing.
  const Baseline itself = accept({}, outcomes, {}, nullptr, false);
  require_printable(to_text(itself));
  for (const auto& [cell, state] : itself)
    require(compare(state, state, std::nullopt).empty(), "the same is no change");
}

void try_outcomes(std::string_view bytes) {
  const FuzzFile file(bytes);
  const auto outcomes = read_outcomes(file.path());
  if (!outcomes) return require(!outcomes.error().message.empty(), "a refusal says why");
  (void)read_cells(file.path());
  for (const Outcome& outcome : *outcomes) try_outcome(outcome);
  try_reports(*outcomes);
}

const FuzzTarget target("outcome", try_outcomes);

}  // namespace
}  // namespace bpfmatrix
