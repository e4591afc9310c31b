#include "run/run.h"

#include <string>
#include <utility>
#include <vector>

#include "run/announcer.h"
#include "run/cache/cell_cache.h"
#include "run/cache/cell_times.h"
#include "run/machines/template_store.h"
#include "run/prepare.h"
#include "run/record.h"
#include "run/work.h"

namespace bpfmatrix {

namespace {

std::vector<const Cell*> cells_left(const Plan& plan, const RunDir& dir) {
  std::vector<const Cell*> cells;
  for (const Cell& cell : plan.cells) {
    if (!dir.finished().contains(cell.id())) cells.push_back(&cell);
  }
  return cells;
}

Plan as_plan(const std::vector<const Cell*>& cells) {
  Plan plan;
  for (const Cell* cell : cells) plan.cells.push_back(*cell);
  return plan;
}

}  // namespace

ConditionFacts plain_condition_facts(const Cell& cell, const Kernel& kernel) {
  ConditionFacts facts;
  facts.kernel = parse_kernel_version(kernel.release);
  facts.arch = to_string(cell.kernel.arch);
  facts.btf = btf_at_hand(to_string(cell.btf), kernel.btf.has_value());
  facts.loader = cell.loader;
  return facts;
}

Result<RunEnd> run_plan(const RunInput& input, const RunWorld& world, const RunSettings& settings,
                        RunDir& dir, Listener& listener) {
  Announcer announce(listener);
  const RunWorld::Notice notice = [&](const std::string& text) { announce.notice(text); };
  const std::vector<const Cell*> cells = cells_left(input.plan, dir);
  announce([&](Listener& l) { l.run_planned(as_plan(cells), settings.jobs); });

  // Prepare.
  RunParts parts{.input = input};
  find_kernels(cells, world, announce, notice, parts);
  ObjectFinder objects(settings);
  if (const Result<> found = find_objects(world, objects, parts); !found) return found.error();

  // What is known needs no guest.
  Record* recorder = nullptr;
  KernelFactsKeeper facts(settings.fetch.store, [&](const PackedFacts& packed) {
    Result<std::string> kept = dir.keep_facts(packed);
    if (!kept) recorder->fail(kept.error());
    return kept;
  });
  CellCache cache(settings, facts, notice);
  Record record(parts, dir, cache, facts, announce);
  recorder = &record;
  std::vector<std::optional<Outcome>> known =
      known_outcomes(cells, parts, world, settings, cache, facts, record);
  CellTimes times(settings.fetch.store);
  Work work(parts, world, settings, dir, facts, times, record, announce);
  std::vector<Outcome> conclusive;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (known[i]) {
      conclusive.push_back(*std::move(known[i]));
    } else {
      work.add(*cells[i]);
    }
  }
  record.take_known(conclusive);

  // Work: whatever is finished is recorded at once.
  if (!work.empty()) {
    // Templates that killed processes left half made, and those not used for long.
    TemplateStore(settings.fetch.store).gc({});
    work.run();
    times.save();
  }
  return RunEnd{record.failure()};
}

}  // namespace bpfmatrix
