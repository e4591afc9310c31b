// What is behind the cells of a run that are not as they should be: a thousand of them have a
// handful of causes, and a person wants to read those.
#pragma once

#include <set>
#include <string>
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
  /// Sorted.
  std::vector<std::string> cells{};
  /// Programs, counted for each cell, that failed only because another of their object did.
  int dependents = 0;
  /// "first seen in this run", "seen since 2026-11-20", by what is known of earlier runs of its
  /// cells (history/seen.h); empty: nothing is.
  std::string seen{};
};

/// "probes:on_exec on debian-5.10-x86_64", "3 programs on 2 kernels".
std::string subject_text(const RootCause& root);

/// Of cells that are unexpected, regressed, fixed, changed or new: the gravest verdict first, then
/// what has the most cells. `features` is what advice is drawn from; nullptr: none is given.
std::vector<RootCause> root_causes(const VerdictSummary& summary,
                                   const std::vector<Outcome>& outcomes,
                                   RunKernels* kernels = nullptr,
                                   const Features* features = nullptr);

}  // namespace bpfmatrix
