// What is behind the cells of a run that are not as they should be: a thousand of them have a
// handful of causes, and a person wants to read those.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/expect/judge_run.h"

namespace bpfmatrix {

struct RootCause {
  /// Of all its cells.
  Verdict verdict = Verdict::unexpected;
  /// "failed (helper_unknown), was attached"; of a rule: "load: wanted ok, got failed".
  std::string what{};
  /// "helper unknown: 'bpf_loop#181'"; empty: nothing failed.
  std::string cause{};
  /// Where the verifier stood, in the first of its programs: "probe.bpf.c:14"; empty: not known.
  std::string source{};
  /// One sentence; empty: there is none.
  std::string advice{};
  /// "CASE:PROGRAM" or "CASE", and ids of kernels.
  std::set<std::string> programs{};
  std::set<std::string> kernels{};
  std::set<std::string> cells{};
  /// Programs, counted for each cell, that failed only because another of their object did.
  int dependents = 0;
};

/// "probes:on_exec on debian-5.10-x86_64", "3 programs on 2 kernels".
std::string subject_text(const RootCause& root);

/// Groups cells that are unexpected, regressed, fixed, changed or new. `features` is what advice is
/// drawn from; nullptr: none is given.
class RootCauses {
 public:
  RootCauses(RunKernels* kernels, const Features* features)
      : kernels_(kernels), features_(features) {}

  /// In any order: what is said of a cause is of its first cell by name.
  void take(const JudgedCell& cell, const Outcome& outcome);
  /// The gravest verdict first, then what has the most cells.
  std::vector<RootCause> finish();

 private:
  using Key = std::tuple<Verdict, std::string, std::string>;
  RootCause& cause_of(const JudgedCell& cell, const Outcome& outcome, const ProgramOutcome* program,
                      const std::string& what, const KernelFacts* kernel);

  RunKernels* kernels_;
  const Features* features_;
  std::map<Key, RootCause> roots_{};
};

/// All at once.
std::vector<RootCause> root_causes(const VerdictSummary& summary,
                                   const std::vector<Outcome>& outcomes,
                                   RunKernels* kernels = nullptr,
                                   const Features* features = nullptr);

}  // namespace bpfmatrix
