#include "run/run_difference.h"

#include <fmt/format.h>

#include <map>

#include "cell/differences.h"
#include "outcome/kernel_facts_file.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

class RunComparison {
 public:
  RunComparison(const RunRecord& run, const RunRecord& other)
      : run_(run), facts_(run.dir), other_facts_(other.dir) {
    for (const Outcome& outcome : other.outcomes) left_.emplace(outcome.cell, &outcome);
  }

  std::vector<std::string> compare() {
    for (const Outcome& outcome : run_.outcomes) {
      const auto other = left_.extract(outcome.cell);
      if (other.empty()) {
        add(outcome.cell, "twice, or only in this run");
      } else {
        compare_cell(outcome, *other.mapped());
      }
      check_transcript(outcome);
    }
    for (const auto& [cell, outcome] : left_) add(cell, "missing");
    return std::move(found_);
  }

 private:
  void compare_cell(Outcome outcome, const Outcome& other) {
    if (same_kernel(outcome, other)) outcome.kernel.facts = other.kernel.facts;
    for (const std::string& difference : differences(outcome, other)) {
      add(outcome.cell, difference);
    }
  }

  /// The hash of facts covers how long it took to ask.
  bool same_kernel(const Outcome& outcome, const Outcome& other) {
    const KernelFacts* facts = facts_.of(outcome);
    const KernelFacts* wanted = other_facts_.of(other);
    if (facts == nullptr || wanted == nullptr) return false;
    KernelFacts timeless = *facts;
    timeless.probe_ms = wanted->probe_ms;
    return to_json(timeless) == to_json(*wanted);
  }

  /// What the outcome was made of is there, and is of this cell.
  void check_transcript(const Outcome& outcome) {
    const Result<Transcript> transcript = read_transcript(run_.dir, outcome.cell);
    if (!transcript) add(outcome.cell, transcript.error().message);
    if (transcript && transcript->inputs.cell != outcome.cell)
      add(outcome.cell, fmt::format("its transcript belongs to '{}'", transcript->inputs.cell));
  }

  void add(const std::string& cell, const std::string& what) {
    found_.push_back(fmt::format("{}: {}", cell, what));
  }

  const RunRecord& run_;
  RunKernels facts_;
  RunKernels other_facts_;
  std::multimap<std::string, const Outcome*> left_{};
  std::vector<std::string> found_{};
};

}  // namespace

std::vector<std::string> run_differences(const RunRecord& run, const RunRecord& other) {
  return RunComparison(run, other).compare();
}

}  // namespace bpfmatrix
