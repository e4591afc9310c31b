#include "run/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/parallel.h"
#include "run/unrun.h"

namespace bpfmatrix {

namespace {

bool is_ours(const ObjectSpec& object) { return !std::holds_alternative<DebObject>(object); }

/// Without a kernel of its architecture an object is not needed, and may want that kernel's BTF.
bool any_kernel_of(Arch arch, const RunParts& parts) {
  return std::any_of(parts.kernels.begin(), parts.kernels.end(), [&](const auto& entry) {
    const Result<Kernel>& kernel = entry.second->kernel();
    return kernel && kernel->arch == arch;
  });
}

/// What prepares a cell's outcome, all of which outlives it.
struct Known {
  const RunParts& parts;
  const RunWorld& world;
  const RunSettings& settings;
  CellCache& cache;
  KernelFactsKeeper& facts;
  Record& record;

  std::optional<Outcome> outcome_of(const Cell& cell) const {
    const RunKernel& kernel = parts.kernel_of(cell);
    std::optional<Transcript> unrun = transcript_without_parts(
        cell, parts.spec_of(cell), parts.kernel_for(cell), parts.object_of(cell));
    if (unrun) return record.restore(cell, *unrun);
    const KernelFactsKeeper::Known* measured = facts.recall(*kernel.kernel());
    const CellInput input = parts.input_of(cell, settings.cell_timeout, world,
                                           measured != nullptr ? &measured->facts : nullptr);
    if (std::optional<Recalled> recalled = cache.recall(input, *kernel.guests)) {
      if (auto outcome = record.restore(cell, *recalled)) return outcome;
    }
    unrun = transcript_without_lockdown(input, facts);
    return unrun ? record.restore(cell, *unrun) : std::nullopt;
  }
};

}  // namespace

void find_kernels(const std::vector<const Cell*>& cells, const RunWorld& world, Announcer& announce,
                  const RunWorld::Notice& notice, RunParts& parts) {
  for (const Cell* cell : cells) {
    const std::string& id = cell->kernel.id;
    if (parts.kernels.contains(id)) continue;
    auto kernel = std::make_unique<RunKernel>(world.find_kernel(id));
    kernel->kernels.take(parts.input.btf);
    if (kernel->kernel()) {
      kernel->guests = world.guests_of(*kernel->kernel(), notice);
    } else {
      announce.notice(kernel->kernel().error().message);
    }
    parts.kernels.emplace(id, std::move(kernel));
  }
}

void choose_headers(Arch arch, const RunWorld& world, ObjectFinder& objects,
                    const RunParts& parts) {
  const Result<Kernel> usual =
      world.find_kernel(std::string(kHeadersKernel) + std::string(to_string(arch)));
  if (usual && usual->btf) return objects.compile_against(arch, usual->btf->file);
  for (const auto& [id, found] : parts.kernels) {
    const Result<Kernel>& kernel = found->kernel();
    const KernelBtf* btf = kernel && kernel->arch == arch ? btf_of(*kernel) : nullptr;
    if (btf != nullptr) objects.compile_against(arch, btf->file);
  }
}

namespace {

Result<> find_companions(const CaseSpec& spec, Arch arch, const ObjectFinder& objects,
                         RunParts& parts) {
  for (const std::filesystem::path& file : spec.together) {
    const auto key = std::make_pair(file.string(), arch);
    if (parts.companions.contains(key) || !any_kernel_of(arch, parts)) continue;
    Result<ObjectFile> object = objects.find(case_for_object(file), arch);
    if (object && object->problem) object = *object->problem;
    if (!object) return wrap(fmt::format("{}: together", spec.id), object.error());
    parts.companions.emplace(key, *std::move(object));
  }
  return {};
}

}  // namespace

Result<> find_objects(const RunWorld& world, ObjectFinder& objects, RunParts& parts) {
  for (const Cell& cell : parts.input.plan.cells) {
    const auto key = std::make_pair(cell.case_id, cell.kernel.arch);
    if (parts.objects.contains(key)) continue;
    const CaseSpec& spec = parts.spec_of(cell);
    const bool first_of_arch =
        std::none_of(parts.objects.begin(), parts.objects.end(),
                     [&](const auto& entry) { return entry.first.second == key.second; });
    if (first_of_arch) choose_headers(key.second, world, objects, parts);
    Result<ObjectFile> object = objects.find(spec, key.second);
    if (!object && is_ours(spec.object) && any_kernel_of(key.second, parts)) {
      return std::move(object).error();
    }
    parts.objects.emplace(key, std::move(object));
    if (Result<> found = find_companions(spec, key.second, objects, parts); !found) return found;
  }
  return {};
}

std::vector<std::optional<Outcome>> known_outcomes(const std::vector<const Cell*>& cells,
                                                   const RunParts& parts, const RunWorld& world,
                                                   const RunSettings& settings, CellCache& cache,
                                                   KernelFactsKeeper& facts, Record& record) {
  const Known known{parts, world, settings, cache, facts, record};
  std::vector<std::string_view> kernels;
  for (const auto& [id, kernel] : parts.kernels) kernels.push_back(id);
  std::vector<std::optional<Outcome>> outcomes(cells.size());
  for_each_at_once(kernels.size(), settings.jobs, [&](std::size_t kernel) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i]->kernel.id != kernels[kernel]) continue;
      outcomes[i] = known.outcome_of(*cells[i]);
    }
  });
  return outcomes;
}

}  // namespace bpfmatrix
