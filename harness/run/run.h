// Runs a plan. Three jobs, each in a file of its own: prepare (what the cells need, and what is
// known already), work (machines, side by side), record (what was said, and what is made of it).
// Every finished cell is on disk before it is announced.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/time_source.h"
#include "cell/app_file.h"
#include "matrix/plan.h"
#include "run/listener.h"
#include "run/machines/guests.h"
#include "run/objects/given_btf.h"
#include "run/run_dir.h"
#include "run/settings.h"

namespace bpfmatrix {

struct RunInput {
  Plan plan{};
  /// By id: every case of the plan.
  std::map<std::string, CaseSpec> cases{};
  /// Those of the plan's loaders that are applications.
  AppFiles apps{};
  /// What the user hands over for the BTF source `embedded`.
  GivenBtf btf{};
};

/// What a condition may ask of a cell's kernel: what its name and version say, and nothing of what
/// was measured.
ConditionFacts plain_condition_facts(const Cell& cell, const Kernel& kernel);

/// What a run needs of the world. Tests put their own in.
struct RunWorld {
  /// From the store, or fetched into it. Blocks while it downloads. Error: it is unavailable.
  std::function<Result<Kernel>(const std::string& id)> find_kernel{};
  using Notice = std::function<void(const std::string&)>;
  /// Where the cells of a kernel get their guests from; `notice` outlives it.
  std::function<std::unique_ptr<Guests>(const Kernel&, const Notice& notice)> guests_of{};
  /// What a condition of a case may ask; the facts are nullptr where nothing was measured, and
  /// outlive the answer.
  using ConditionFactsOf =
      std::function<ConditionFacts(const Cell&, const Kernel&, const KernelFacts*)>;
  ConditionFactsOf condition_facts = [](const Cell& cell, const Kernel& kernel,
                                        const KernelFacts*) {
    return plain_condition_facts(cell, kernel);
  };
  const TimeSource& time = system_time();
};

struct RunEnd {
  /// What could not be written down; cells that are left were not run. Nothing: all of it is there.
  std::optional<Error> unwritten{};
};

/// Blocks until every cell of the plan that `dir` does not hold yet has an outcome in it, or the
/// disk is full; one that could not be run has `end` unavailable, hung or lost. Error: a case of
/// ours is wrong (its source does not compile, its file is no object).
Result<RunEnd> run_plan(const RunInput& input, const RunWorld& world, const RunSettings& settings,
                        RunDir& dir, Listener& listener);

}  // namespace bpfmatrix
