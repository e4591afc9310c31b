#include "cli/conclusion.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "analysis/causes/feature_check.h"
#include "cli/talk.h"
#include "outcome/outcome_fields.h"
#include "report/commands.h"
#include "report/counted.h"
#include "report/json_report.h"
#include "report/matrix_view.h"
#include "report/terminal.h"

namespace bpfmatrix {

namespace {

ExitCode exit_code_of(const VerdictSummary& verdicts) {
  if (verdicts.failing > 0) return unexpected;
  return verdicts.all_known() ? as_expected : unknown;
}

/// Where a kernel is not as kernels/features.json says of its version: once each.
class Disagreements {
 public:
  Disagreements(RunKernels& kernels, const Features* features)
      : kernels_(kernels), features_(features) {}

  void take(const Outcome& outcome) {
    if (features_ == nullptr || texts_.contains(outcome.kernel.id)) return;
    if (const KernelFacts* facts = kernels_.of(outcome))
      texts_[outcome.kernel.id] = summary(check_features(*features_, *facts));
  }

  void say_all() const {
    for (const auto& [kernel, text] : texts_) {
      if (text.empty()) continue;
      say(fmt::format("{}: {} (kernels/features.json); see bpfmatrix kernels show {}", kernel, text,
                      kernel));
    }
  }

 private:
  RunKernels& kernels_;
  const Features* features_;
  std::map<std::string, std::string> texts_{};
};

/// What the kernels complained of, by name, with one cell for each: never silently.
class Complaints {
 public:
  void take(const Outcome& outcome) {
    if (!outcome.splats) return;
    for (const Splat& splat : *outcome.splats) {
      auto& [cells, example] = found_[splat.name];
      if (cells++ == 0) example = outcome.cell;
    }
  }

  void say_all(const std::string& run_dir) const {
    constexpr std::size_t kShown = 5;
    std::size_t shown = 0;
    for (const auto& [name, cells] : found_) {
      if (shown++ == kShown) {
        say(fmt::format("the kernel complained of {} things more", found_.size() - kShown));
        return;
      }
      say(fmt::format("the kernel complained in {}: {}; {}", counted(cells.first, "cell"), name,
                      explain_command(run_dir, cells.second)));
    }
  }

 private:
  std::map<std::string, std::pair<std::size_t, std::string>> found_{};
};

}  // namespace

Cells cells_of_run(const std::string& run_dir) {
  const std::filesystem::path plain = std::filesystem::path(run_dir) / "outcomes.jsonl";
  const std::filesystem::path kept = std::filesystem::path(run_dir) / "outcomes.jsonl.gz";
  std::error_code ignored;
  return cells_in(std::filesystem::exists(kept, ignored) ? kept : plain);
}

Result<std::vector<Outcome>> read_run_outcomes(const std::string& run_dir) {
  return all_of(cells_of_run(run_dir));
}

Result<ExitCode> conclude(const Cells& cells, const std::vector<std::string>& planned,
                          const RulesByCase& rules, const Gate& gate, RunHistory& history,
                          const std::string& run_dir, bool json) {
  const Result<Features> features = installed_features();
  if (!features) say_error(features.error());
  const Features* known = features ? &*features : nullptr;
  RunKernels kernels(run_dir);
  RunJudge judge = gate.judge(rules, kernels, known);
  RootCauses causes(&kernels, known);
  MatrixBuilder matrix(&kernels);
  Disagreements disagreements(kernels, known);
  Complaints complaints;
  std::size_t count = 0;
  const Result<> read = cells([&](const std::vector<Outcome>& part) {
    kernels.read_ahead(part);
    count += part.size();
    for (const Outcome& outcome : part) {
      if (const JudgedCell* notable = judge.take(outcome)) {
        causes.take(*notable, outcome);
        history.note(*notable, outcome, kernels);
      }
      matrix.take(outcome);
      disagreements.take(outcome);
      complaints.take(outcome);
    }
  });
  if (!read) return read.error();
  const VerdictSummary verdicts = judge.finish(planned);
  std::vector<RootCause> roots = causes.finish();
  history.mark(roots);
  const MatrixView view = matrix.finish();
  if (json) {
    print_text(json_text(json_report(view, verdicts, roots), 1) + "\n");
  } else {
    print_drawn(
        render_terminal(view, {wants_colour(STDOUT_FILENO), terminal_width(STDOUT_FILENO)}));
    print_text("\n" + render_verdicts(verdicts, roots, run_dir));
  }
  std::fflush(stdout);
  disagreements.say_all();
  complaints.say_all(run_dir);
  say(fmt::format("{} in {}; for one cell: {}", counted(count, "cell"), run_dir,
                  explain_command(run_dir, "CELL")));
  history.keep(cells, verdicts, kernels);
  const ExitCode code = exit_code_of(verdicts);
  const bool nothing_compared = gate.is_there && gate.baseline.empty();
  if (!nothing_compared) return code;
  say("the baseline is empty: nothing was compared; --accept begins one");
  return code == as_expected ? unknown : code;
}

}  // namespace bpfmatrix
