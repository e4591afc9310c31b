#include "cli/conclusion.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "analysis/causes/feature_check.h"
#include "cli/talk.h"
#include "outcome/outcome_fields.h"
#include "report/commands.h"
#include "report/matrix_view.h"
#include "report/terminal.h"

namespace bpfmatrix {

namespace {

ExitCode exit_code_of(const VerdictSummary& verdicts) {
  if (verdicts.failing > 0) return unexpected;
  return verdicts.all_known() ? as_expected : unknown;
}

/// Where a kernel is not as kernels/features.json says of its version: once each.
void say_disagreements(const std::vector<Outcome>& outcomes, RunKernels& kernels,
                       const Features& features) {
  std::set<std::string> said;
  for (const Outcome& outcome : outcomes) {
    const KernelFacts* facts = kernels.of(outcome);
    if (facts == nullptr || !said.insert(outcome.kernel.id).second) continue;
    const std::string text = summary(check_features(features, *facts));
    if (text.empty()) continue;
    say(fmt::format("{}: {} (kernels/features.json); see bpfmatrix kernels show {}",
                    outcome.kernel.id, text, outcome.kernel.id));
  }
}

}  // namespace

Result<std::vector<Outcome>> read_run_outcomes(const std::string& run_dir) {
  const std::filesystem::path plain = std::filesystem::path(run_dir) / "outcomes.jsonl";
  const std::filesystem::path kept = std::filesystem::path(run_dir) / "outcomes.jsonl.gz";
  std::error_code ignored;
  return read_cells(std::filesystem::exists(kept, ignored) ? kept : plain);
}

ExitCode conclude(const std::vector<Outcome>& outcomes, const std::vector<std::string>& planned,
                  const RulesByCase& rules, const Gate& gate, RunHistory& history,
                  const std::string& run_dir, bool json) {
  const Result<Features> features = installed_features();
  if (!features) say_error(features.error());
  RunKernels kernels(run_dir);
  kernels.read_ahead(outcomes);
  const Features* known = features ? &*features : nullptr;
  const VerdictSummary verdicts = gate.judge(outcomes, planned, rules, kernels, known);
  std::vector<RootCause> roots = root_causes(verdicts, outcomes, &kernels, known);
  history.mark(roots, outcomes, &kernels);
  const MatrixView view = make_matrix_view(outcomes, &kernels);
  if (json) {
    OrderedJson all = to_json(view);
    all["verdicts"] = to_json(verdicts, roots);
    print_text(json_text(all, 1) + "\n");
  } else {
    print_drawn(
        render_terminal(view, {wants_colour(STDOUT_FILENO), terminal_width(STDOUT_FILENO)}));
    print_text("\n" + render_verdicts(verdicts, roots, run_dir));
  }
  std::fflush(stdout);
  if (features) say_disagreements(outcomes, kernels, *features);
  say(fmt::format("{} cells in {}; for one cell: {}", outcomes.size(), run_dir,
                  explain_command(run_dir, "CELL")));
  history.keep(outcomes, verdicts, &kernels);
  return exit_code_of(verdicts);
}

}  // namespace bpfmatrix
