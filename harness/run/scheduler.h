// Runs a plan: kernels side by side, each kernel's cells one after another in one guest, a fresh
// guest when one was lost. Every finished cell is on disk before the next begins.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "matrix/plan.h"
#include "run/listener.h"
#include "run/objects/app_finder.h"
#include "run/objects/given_btf.h"
#include "run/objects/kernel_finder.h"
#include "run/objects/object_finder.h"
#include "run/run_dir.h"
#include "run/settings.h"

namespace bpfmatrix {

struct RunInput {
  Plan plan{};
  /// By id: every case of the plan.
  std::map<std::string, CaseSpec> cases{};
  /// Those of the plan's loaders that are commands.
  AppFiles commands{};
  /// What the user hands over for the BTF source `embedded`.
  GivenBtf btf{};
};

struct RunEnd {
  /// What could not be written down; cells that are left were not run. Nothing: all of it is there.
  std::optional<Error> unwritten{};
};

/// Blocks until every cell of the plan that `dir` does not hold yet has an outcome in it, or the
/// disk is full; one that could not be run has `end` unavailable, hung or lost. Error: a case of
/// ours is wrong (its source does not compile, its file is no object).
Result<RunEnd> run_plan(const RunInput& input, const KernelFinder& kernels,
                        const RunSettings& settings, RunDir& dir, Listener& listener);

}  // namespace bpfmatrix
