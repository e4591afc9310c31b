#include "analysis/expect/root_causes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "analysis/advice.h"
#include "analysis/causes/finding.h"

namespace bpfmatrix {

namespace {

/// Gravest first; nothing of what has no place here.
std::optional<int> rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::regressed:
      return 0;
    case Verdict::unexpected:
      return 1;
    case Verdict::changed:
      return 2;
    case Verdict::fixed:
      return 3;
    case Verdict::added:
      return 4;
    case Verdict::as_expected:
    case Verdict::gone:
    case Verdict::unsure:
    case Verdict::unavailable:
      return std::nullopt;
  }
  return std::nullopt;
}

/// What is wrong with one program of a cell.
struct Trouble {
  std::string program{};
  std::string what{};
};

/// One for each program, whatever number of fields is not as its rule wants it.
std::vector<Trouble> troubles_of(const std::vector<Mismatch>& mismatches) {
  std::vector<Trouble> troubles;
  std::string because;
  const auto end = [&] {
    if (!because.empty()) troubles.back().what += fmt::format(" ({})", because);
  };
  for (const Mismatch& mismatch : mismatches) {
    const bool another = troubles.empty() || troubles.back().program != mismatch.program;
    if (another || because != mismatch.because) {
      end();
      if (another) troubles.push_back({mismatch.program, ""});
      because = mismatch.because;
    }
    std::string& what = troubles.back().what;
    what += (what.empty() ? "" : "; ") + text_of(mismatch);
  }
  end();
  return troubles;
}

std::vector<Trouble> troubles_of(const JudgedCell& cell) {
  // Of what is new, that it is new is no trouble.
  const bool by_rules =
      cell.verdict.verdict == Verdict::unexpected || cell.verdict.verdict == Verdict::added;
  if (by_rules) return troubles_of(cell.verdict.mismatches);
  std::vector<Trouble> troubles;
  for (const ProgramChange& change : cell.changes)
    troubles.push_back({change.program, fmt::format("{}", fmt::join(change.what, "; "))});
  return troubles;
}

const ProgramOutcome* find(const Outcome& outcome, const std::string& name) {
  for (const ProgramOutcome& program : outcome.programs) {
    if (program.name == name) return &program;
  }
  return nullptr;
}

std::string words_of_cause(const Outcome& outcome, const Diagnosis& diagnosis) {
  if (outcome.end != End::completed) return std::string(to_string(outcome.end));
  if (diagnosis.cause == Cause::unknown) return "cause unknown";
  std::string words(short_text(diagnosis.cause));
  if (!diagnosis.subject.empty()) words += fmt::format(": '{}'", diagnosis.subject);
  return words;
}

}  // namespace

std::string subject_text(const RootCause& root) {
  const auto some = [](const std::set<std::string>& names, std::string_view noun) {
    return names.size() == 1 ? *names.begin() : fmt::format("{} {}", names.size(), noun);
  };
  return fmt::format("{} on {}", some(root.programs, "programs"), some(root.kernels, "kernels"));
}

void RootCauses::take(const JudgedCell& cell, const Outcome& outcome) {
  if (!rank(cell.verdict.verdict)) return;
  const KernelFacts* kernel = kernels_ != nullptr ? kernels_->of(outcome) : nullptr;
  RootCause* first = nullptr;
  int dependents = 0;
  const std::vector<Trouble> troubles = troubles_of(cell);
  const auto depends = [&](const Trouble& trouble) {
    const ProgramOutcome* program = find(outcome, trouble.program);
    return program != nullptr && sign_of(outcome, program) == Sign::not_reached;
  };
  // Where nothing else is wrong, it is that they were not reached.
  const bool all_depend = std::all_of(troubles.begin(), troubles.end(), depends);
  for (const Trouble& trouble : troubles) {
    if (!all_depend && depends(trouble)) {
      ++dependents;
      continue;
    }
    RootCause& root = cause_of(cell, outcome, find(outcome, trouble.program), trouble.what, kernel);
    root.programs.insert(trouble.program.empty() ? outcome.case_id
                                                 : outcome.case_id + ":" + trouble.program);
    root.kernels.insert(outcome.kernel.id);
    root.cells.insert(cell.cell);
    if (first == nullptr) first = &root;
  }
  if (first != nullptr) first->dependents += dependents;
}

RootCause& RootCauses::cause_of(const JudgedCell& cell, const Outcome& outcome,
                                const ProgramOutcome* program, const std::string& what,
                                const KernelFacts* kernel) {
  Diagnosis diagnosis;
  if (outcome.end == End::completed) {
    diagnosis = diagnose_program(outcome, program != nullptr ? *program : ProgramOutcome{}, kernel)
                    .value_or(Diagnosis{});
  }
  const bool failed = !find_cause(outcome, program, kernel).words.empty();
  std::string cause = failed ? words_of_cause(outcome, diagnosis) : "";
  RootCause& root = roots_[{cell.verdict.verdict, what, cause}];
  if (!root.cells.empty() && *root.cells.begin() <= cell.cell) return root;
  root.verdict = cell.verdict.verdict;
  root.what = what;
  root.cause = std::move(cause);
  root.advice = features_ != nullptr ? advice(outcome, program, *features_, kernel) : "";
  root.source.clear();
  if (diagnosis.source && diagnosis.source->line > 0)
    root.source = fmt::format("{}:{}", diagnosis.source->file, diagnosis.source->line);
  return root;
}

std::vector<RootCause> RootCauses::finish() {
  std::vector<RootCause> roots;
  for (auto& [key, root] : roots_) roots.push_back(std::move(root));
  std::stable_sort(roots.begin(), roots.end(), [](const RootCause& a, const RootCause& b) {
    return std::make_tuple(*rank(a.verdict), b.cells.size()) <
           std::make_tuple(*rank(b.verdict), a.cells.size());
  });
  return roots;
}

std::vector<RootCause> root_causes(const VerdictSummary& summary,
                                   const std::vector<Outcome>& outcomes, RunKernels* kernels,
                                   const Features* features) {
  std::map<std::string_view, const Outcome*> by_cell;
  for (const Outcome& outcome : outcomes) by_cell.emplace(outcome.cell, &outcome);
  RootCauses causes(kernels, features);
  for (const JudgedCell& cell : summary.notable) {
    const auto outcome = by_cell.find(cell.cell);
    if (outcome != by_cell.end()) causes.take(cell, *outcome->second);
  }
  return causes.finish();
}

}  // namespace bpfmatrix
