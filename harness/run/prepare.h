// What a run does before anything boots: it finds the kernels and objects of its cells, and takes
// what is known already.
#pragma once

#include <optional>
#include <vector>

#include "run/announcer.h"
#include "run/cache/cell_cache.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/objects/object_finder.h"
#include "run/record.h"
#include "run/run.h"
#include "run/run_kernel.h"

namespace bpfmatrix {

/// Each kernel of `cells`, once; one that is unavailable is noticed, and its cells will say so.
/// Blocks while kernels are downloaded.
void find_kernels(const std::vector<const Cell*>& cells, const RunWorld& world, Announcer& announce,
                  const RunWorld::Notice& notice, RunParts& parts);

/// The BTF that cases given as C are compiled against: always the same kernel's where it is
/// available, because another header makes another object; else any kernel's of the run.
void choose_headers(Arch arch, const RunWorld& world, ObjectFinder& objects, const RunParts& parts);

/// Each object of the plan, once: a mistake in a case costs seconds, not minutes. Blocks while
/// objects are compiled. Error: a case of ours is wrong.
Result<> find_objects(const RunWorld& world, ObjectFinder& objects, RunParts& parts);

/// What needs no guest: cells that cannot be run, and what earlier runs found out. In the order of
/// `cells`; nothing: it has to be run. All that a known outcome stands on is then in the run's
/// directory. `jobs` kernels at a time: what the cells of a kernel have in common is found out
/// once, and is most of the work.
std::vector<std::optional<Outcome>> known_outcomes(const std::vector<const Cell*>& cells,
                                                   const RunParts& parts, const RunWorld& world,
                                                   const RunSettings& settings, CellCache& cache,
                                                   KernelFactsKeeper& facts, Record& record);

}  // namespace bpfmatrix
