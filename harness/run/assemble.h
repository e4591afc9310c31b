// From what was asked to what is run: kernels, cases, plan, and the files they need. Nothing boots,
// and nothing is downloaded but the packages of an application's root, if they are not here yet.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "matrix/shard.h"
#include "run/objects/kernel_finder.h"
#include "run/run.h"
#include "run/run_dir.h"

namespace bpfmatrix {

/// What of a plan is run here.
struct PlanPart {
  /// Only kernels of these; empty: of all.
  std::vector<Arch> archs{};
  Shard shard{};
  /// By which all parts are cut.
  Costs costs{};
};

/// Cells that `spec` names already are the plan, and no others; else the plan's cells are written
/// into it. Error: a file that is named cannot be read or is not what it should be; a pattern that
/// matches nothing; cells of `spec` that cannot be run any more.
Result<RunInput> assemble(RunSpec& spec, KernelFinder& kernels, const PlanPart& part);

}  // namespace bpfmatrix
