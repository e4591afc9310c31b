#include "report/report_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/advice.h"
#include "analysis/causes/classify.h"
#include "analysis/causes/finding.h"
#include "analysis/compare/compare.h"
#include "base/kernel_version.h"

namespace bpfmatrix {

namespace {

void take_verdict(const JudgedCell& judged, ReportCell& cell) {
  cell.verdict = judged.verdict.verdict;
  cell.optional = judged.optional;
  cell.fails = judged.fails;
  if (cell.verdict == Verdict::gone) cell.problem = "required, and not planned in this run";
  if (cell.problem.empty() && !judged.verdict.doubts.empty() && !cell.is_known())
    cell.problem = judged.verdict.doubts.front().reason;
}

bool is_near_its_limit(const Outcome& outcome, const LoadOutcome& load) {
  const std::optional<KernelVersion> version = parse_kernel_version(outcome.kernel.release);
  if (!version || load.stage.result != StageResult::ok) return false;
  const ProgramState state{
      .insns = load.stats.insns, .stack = load.stats.stack_bytes, .size = load.instructions};
  return is_near_limit(state, limits_of(*version), Thresholds{}.limit_percent);
}

/// What is of a program that this outcome does not have (it never came to programs, or to this
/// one) belongs to the first: nothing is lost on the way to a report.
void add_trouble(const std::string& program, const std::string& what, ReportCell& cell) {
  for (ReportProgram& view : cell.programs) {
    if (view.name == program) return view.troubles.push_back(what);
  }
  cell.programs.front().troubles.push_back(
      program.empty() ? what : fmt::format("'{}': {}", program, what));
}

void take_troubles(const JudgedCell& judged, ReportCell& cell) {
  for (const ProgramChange& change : judged.changes) {
    const bool is_news = judged.verdict.verdict == Verdict::added;
    if (is_news || change.change == Change::none) continue;
    for (const std::string& what : change.what) add_trouble(change.program, what, cell);
  }
  for (const Mismatch& mismatch : judged.verdict.mismatches)
    add_trouble(mismatch.program, text_of(mismatch), cell);
}

/// One that has no outcome.
ReportCell without_outcome(const JudgedCell& judged) {
  ReportCell cell{.cell = judged.cell, .end = End::unavailable};
  take_verdict(judged, cell);
  const std::size_t slash = judged.cell.find('/');
  cell.kernel = judged.cell.substr(0, slash);
  if (slash != std::string::npos)
    cell.case_id = judged.cell.substr(slash + 1, judged.cell.find('/', slash + 1) - slash - 1);
  return cell;
}

ReportProgram program_of(const Outcome& outcome, const ProgramOutcome* program,
                         const KernelFacts* kernel, const Features* features) {
  ReportProgram view{.name = program != nullptr ? program->name : "",
                     .sign = sign_of(outcome, program),
                     .sentence = find_cause(outcome, program, kernel).sentence};
  if (outcome.end == End::completed) {
    const auto diagnosis =
        diagnose_program(outcome, program != nullptr ? *program : ProgramOutcome{}, kernel);
    if (diagnosis) view.cause = to_string(diagnosis->cause);
  }
  if (features != nullptr) view.advice = advice(outcome, program, *features, kernel);
  if (program != nullptr) {
    view.section = program->section;
    view.source = program->load.source;
    view.stats = program->load.stats;
    view.near_limit = is_near_its_limit(outcome, program->load);
  }
  return view;
}

}  // namespace

ReportCell report_cell(const Outcome& outcome, const JudgedCell* judged, RunKernels* kernels,
                       const Features* features, const RunAgain* again) {
  ReportCell cell{.cell = outcome.cell,
                  .case_id = outcome.case_id,
                  .kernel = outcome.kernel.id,
                  .arch = outcome.kernel.arch,
                  .btf = outcome.btf_source,
                  .loader = outcome.loader,
                  .end = outcome.end,
                  .problem = outcome.end_reason,
                  .wall_ms = outcome.vm.cached ? 0 : outcome.vm.wall_ms};
  if (judged != nullptr) take_verdict(*judged, cell);
  if (outcome.vm.attempts.size() > 1) {
    cell.earlier_attempts.assign(outcome.vm.attempts.begin(), std::prev(outcome.vm.attempts.end()));
  }
  const KernelFacts* kernel = kernels != nullptr ? kernels->of(outcome) : nullptr;
  for (const ProgramOutcome& program : outcome.programs)
    cell.programs.push_back(program_of(outcome, &program, kernel, features));
  if (outcome.programs.empty())
    cell.programs.push_back(program_of(outcome, nullptr, kernel, features));
  if (judged != nullptr) {
    take_troubles(*judged, cell);
    if (again != nullptr) cell.again = again->command(outcome);
  }
  return cell;
}

std::vector<ReportCell> missing_cells(const VerdictSummary& summary) {
  std::vector<ReportCell> cells;
  for (const JudgedCell& judged : summary.notable) {
    const bool is_missed = judged.verdict.verdict != Verdict::gone || judged.fails;
    if (is_missed && !judged.has_outcome) cells.push_back(without_outcome(judged));
  }
  return cells;
}

std::string_view ReportView::verdict_text() const {
  if (failing > 0) return "not as it should be";
  if (not_known > 0) return "not everything is known";
  return counts.empty() ? "nothing was run" : "as expected";
}

std::string ReportView::counts_text() const {
  std::vector<std::string> texts;
  for (const Word<Verdict>& one : words_of(Verdict{})) {
    const auto found = counts.find(one.value);
    if (found != counts.end()) texts.push_back(fmt::format("{} {}", found->second, one.word));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

ReportView begin_report_view(const VerdictSummary& summary, std::vector<RootCause> roots,
                             const std::string& run_dir) {
  return {.run_dir = run_dir,
          .counts = summary.counts,
          .failing = summary.failing,
          .not_known = summary.not_known,
          .roots = std::move(roots)};
}

ReportView make_report_view(const std::vector<Outcome>& outcomes, const VerdictSummary& summary,
                            std::vector<RootCause> roots, const std::string& run_dir,
                            RunKernels* kernels, const Features* features, const RunSpec* asked) {
  const RunAgain again(asked);
  ReportView view = begin_report_view(summary, std::move(roots), run_dir);
  std::map<std::string_view, const JudgedCell*> judged;
  for (const JudgedCell& cell : summary.notable) judged.emplace(cell.cell, &cell);
  for (const Outcome& outcome : outcomes) {
    const auto found = judged.find(outcome.cell);
    view.cells.push_back(report_cell(outcome, found == judged.end() ? nullptr : found->second,
                                     kernels, features, &again));
  }
  for (ReportCell& cell : missing_cells(summary)) view.cells.push_back(std::move(cell));
  std::sort(view.cells.begin(), view.cells.end(),
            [](const ReportCell& a, const ReportCell& b) { return a.cell < b.cell; });
  std::set<std::string> ids;
  for (const ReportCell& cell : view.cells) ids.insert(cell.kernel);
  view.kernels.assign(ids.begin(), ids.end());
  return view;
}

}  // namespace bpfmatrix
