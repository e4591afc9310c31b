#include "report/report_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/advice.h"
#include "analysis/causes/classify.h"
#include "analysis/causes/finding.h"
#include "report/commands.h"

namespace bpfmatrix {

namespace {

class ViewBuilder {
 public:
  ViewBuilder(const VerdictSummary& summary, RunKernels* kernels, const Features* features,
              const RunSpec* asked)
      : kernels_(kernels), features_(features), again_(asked) {
    for (const JudgedCell& cell : summary.notable) notable_.emplace(cell.cell, &cell);
  }

  ReportCell cell_of(const Outcome& outcome) {
    ReportCell cell{.cell = outcome.cell,
                    .case_id = outcome.case_id,
                    .kernel = outcome.kernel.id,
                    .arch = outcome.kernel.arch,
                    .btf = outcome.btf_source,
                    .loader = outcome.loader,
                    .end = outcome.end,
                    .problem = outcome.end_reason,
                    .wall_ms = outcome.vm.cached ? 0 : outcome.vm.wall_ms};
    const JudgedCell* judged = find(outcome.cell);
    if (judged != nullptr) take_verdict(*judged, cell);
    if (outcome.vm.attempts.size() > 1) {
      cell.earlier_attempts.assign(outcome.vm.attempts.begin(),
                                   std::prev(outcome.vm.attempts.end()));
    }
    const KernelFacts* kernel = kernels_ != nullptr ? kernels_->of(outcome) : nullptr;
    for (const ProgramOutcome& program : outcome.programs)
      cell.programs.push_back(program_of(outcome, &program, kernel));
    if (outcome.programs.empty()) cell.programs.push_back(program_of(outcome, nullptr, kernel));
    if (judged != nullptr) {
      take_troubles(*judged, cell);
      cell.again = again_.command(outcome);
    }
    return cell;
  }

  /// One that has no outcome.
  static ReportCell missing(const JudgedCell& judged) {
    ReportCell cell{.cell = judged.cell, .end = End::unavailable};
    take_verdict(judged, cell);
    const std::size_t slash = judged.cell.find('/');
    cell.kernel = judged.cell.substr(0, slash);
    if (slash != std::string::npos)
      cell.case_id = judged.cell.substr(slash + 1, judged.cell.find('/', slash + 1) - slash - 1);
    return cell;
  }

 private:
  const JudgedCell* find(const std::string& cell) const {
    const auto found = notable_.find(cell);
    return found == notable_.end() ? nullptr : found->second;
  }

  static void take_verdict(const JudgedCell& judged, ReportCell& cell) {
    cell.verdict = judged.verdict.verdict;
    cell.optional = judged.optional;
    cell.fails = judged.fails;
    if (cell.verdict == Verdict::gone) cell.problem = "required, and not planned in this run";
    if (cell.problem.empty() && !judged.verdict.doubts.empty() && !cell.is_known())
      cell.problem = judged.verdict.doubts.front().reason;
  }

  ReportProgram program_of(const Outcome& outcome, const ProgramOutcome* program,
                           const KernelFacts* kernel) const {
    ReportProgram view{.name = program != nullptr ? program->name : "",
                       .sign = sign_of(outcome, program),
                       .sentence = find_cause(outcome, program, kernel).sentence};
    if (outcome.end == End::completed) {
      const auto diagnosis =
          diagnose_program(outcome, program != nullptr ? *program : ProgramOutcome{}, kernel);
      if (diagnosis) view.cause = to_string(diagnosis->cause);
    }
    if (features_ != nullptr) view.advice = advice(outcome, program, *features_, kernel);
    if (program != nullptr) {
      view.source = program->load.source;
      view.stats = program->load.stats;
    }
    return view;
  }

  /// What is of a program that this outcome does not have (it never came to programs, or to this
  /// one) belongs to the first: nothing is lost on the way to a report.
  static void add_trouble(const std::string& program, const std::string& what, ReportCell& cell) {
    for (ReportProgram& view : cell.programs) {
      if (view.name == program) return view.troubles.push_back(what);
    }
    cell.programs.front().troubles.push_back(
        program.empty() ? what : fmt::format("'{}': {}", program, what));
  }

  static void take_troubles(const JudgedCell& judged, ReportCell& cell) {
    for (const ProgramChange& change : judged.changes) {
      if (change.change == Change::added || change.change == Change::none) continue;
      for (const std::string& what : change.what) add_trouble(change.program, what, cell);
    }
    for (const Mismatch& mismatch : judged.verdict.mismatches)
      add_trouble(mismatch.program, text_of(mismatch), cell);
  }

  RunKernels* kernels_;
  const Features* features_;
  RunAgain again_;
  std::map<std::string_view, const JudgedCell*> notable_{};
};

}  // namespace

std::string ReportView::counts_text() const {
  std::vector<std::string> texts;
  for (const Word<Verdict>& one : words_of(Verdict{})) {
    const auto found = counts.find(one.value);
    if (found != counts.end()) texts.push_back(fmt::format("{} {}", found->second, one.word));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

ReportView make_report_view(const std::vector<Outcome>& outcomes, const VerdictSummary& summary,
                            std::vector<RootCause> roots, const std::string& run_dir,
                            RunKernels* kernels, const Features* features, const RunSpec* asked) {
  ReportView view{.run_dir = run_dir,
                  .counts = summary.counts,
                  .failing = summary.failing,
                  .not_known = summary.not_known,
                  .roots = std::move(roots)};
  ViewBuilder builder(summary, kernels, features, asked);
  std::set<std::string_view> seen;
  for (const Outcome& outcome : outcomes) {
    seen.insert(outcome.cell);
    view.cells.push_back(builder.cell_of(outcome));
  }
  for (const JudgedCell& judged : summary.notable) {
    const bool is_missed = judged.verdict.verdict != Verdict::gone || judged.fails;
    if (is_missed && !seen.contains(judged.cell))
      view.cells.push_back(ViewBuilder::missing(judged));
  }
  std::sort(view.cells.begin(), view.cells.end(),
            [](const ReportCell& a, const ReportCell& b) { return a.cell < b.cell; });
  std::set<std::string> ids;
  for (const ReportCell& cell : view.cells) ids.insert(cell.kernel);
  view.kernels.assign(ids.begin(), ids.end());
  return view;
}

}  // namespace bpfmatrix
