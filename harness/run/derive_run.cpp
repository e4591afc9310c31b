#include "run/derive_run.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "cell/derive.h"
#include "outcome/kernel_facts_file.h"
#include "run/objects/given_btf.h"
#include "run/prepare.h"
#include "run/record.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

struct KernelHere {
  KernelForCases kernels;
  KernelTypes types{};

  explicit KernelHere(Result<Kernel> found) : kernels(std::move(found)) {}
};

/// What the run's transcripts are read with, as far as it is still what it was then.
class Ingredients {
 public:
  Ingredients(const std::filesystem::path& run_dir, const std::vector<Outcome>& known,
              const RunInput& input)
      : input_(input), facts_(run_dir) {
    for (const Cell& cell : input.plan.cells) cells_.emplace(cell.id(), &cell);
    for (const Outcome& outcome : known) known_.emplace(outcome.cell, &outcome);
    facts_.read_ahead(known);
  }

  void find(const std::function<Result<Kernel>(const std::string&)>& find_kernel,
            ObjectFinder& objects, const RunWorld& world) {
    RunParts parts{.input = input_};
    for (const auto& [id, cell] : cells_) {
      const std::string& kernel = cell->kernel.id;
      if (kernels_.contains(kernel)) continue;
      auto here = std::make_unique<KernelHere>(find_kernel(kernel));
      here->kernels.take(input_.btf);
      parts.kernels.emplace(kernel, std::make_unique<RunKernel>(here->kernels.plain()));
      kernels_.emplace(kernel, std::move(here));
    }
    find_objects_here(objects, world, parts);
  }

  /// Safe from several threads. `complete` becomes false where something is gone.
  Outcome outcome_of(const Transcript& transcript, bool& complete) {
    const TranscriptInputs& inputs = transcript.inputs;
    const auto cell = cells_.find(inputs.cell);
    const auto before = known_.find(inputs.cell);
    const Cell* planned = cell != cells_.end() ? cell->second : nullptr;
    KernelHere* here = planned != nullptr ? kernels_.at(planned->kernel.id).get() : nullptr;
    const Kernel* kernel = kernel_of(planned, inputs);
    const ObjectFile* object = planned != nullptr ? object_of(*planned, inputs) : nullptr;
    const CaseSpec* spec = planned != nullptr ? spec_of(*planned, inputs) : nullptr;
    complete = kernel != nullptr && object != nullptr && spec != nullptr;
    KernelTypes none;
    DeriveInput in = derive_input(transcript, spec, kernel, object,
                                  planned != nullptr ? planned->btf : BtfSource::none,
                                  here != nullptr ? here->types : none);
    if (before != known_.end()) add_known(*before->second, kernel, in);
    return derive(in).outcome;
  }

 private:
  void find_objects_here(ObjectFinder& objects, const RunWorld& world, RunParts& parts) {
    choose_all_headers(objects, world, parts);
    for (const Cell& cell : input_.plan.cells) {
      const auto key = std::make_pair(cell.case_id, cell.kernel.arch);
      if (objects_.contains(key)) continue;
      objects_.emplace(key, objects.find(input_.cases.at(cell.case_id), cell.kernel.arch));
    }
  }

  static void choose_all_headers(ObjectFinder& objects, const RunWorld& world,
                                 const RunParts& parts) {
    for (const Arch arch : kArches) choose_headers(arch, world, objects, parts);
  }

  /// nullptr: it is not here, or another one of that name.
  const Kernel* kernel_of(const Cell* cell, const TranscriptInputs& inputs) const {
    if (cell == nullptr) return nullptr;
    const Result<Kernel>& kernel = kernels_.at(cell->kernel.id)->kernels.of(cell->case_id);
    return kernel && kernel->image_sha256 == inputs.image_sha256 ? &*kernel : nullptr;
  }

  const ObjectFile* object_of(const Cell& cell, const TranscriptInputs& inputs) const {
    const Result<ObjectFile>& object = objects_.at({cell.case_id, cell.kernel.arch});
    return object && object->info.sha256 == inputs.object.sha256 ? &*object : nullptr;
  }

  /// One that asks for the same; what it expects may have changed, and counts as it is today.
  const CaseSpec* spec_of(const Cell& cell, const TranscriptInputs& inputs) const {
    const CaseSpec& spec = input_.cases.at(cell.case_id);
    return asks_for(spec, inputs.spec) ? &spec : nullptr;
  }

  void add_known(const Outcome& before, const Kernel* kernel, DeriveInput& in) {
    in.recalled = before.vm.cached;
    in.facts = facts_.of(before);
    if (in.facts == nullptr) return;
    in.facts_sha256 = before.kernel.facts;
    if (kernel != nullptr && kernel->given_btf)
      in.given_share = share_in_kernel(*kernel->given_btf, in.facts->symbols);
  }

  const RunInput& input_;
  std::map<std::string, const Cell*> cells_{};
  std::map<std::string, const Outcome*> known_{};
  RunKernels facts_;
  std::map<std::string, std::unique_ptr<KernelHere>> kernels_{};
  std::map<std::pair<std::string, Arch>, Result<ObjectFile>> objects_{};
};

/// As the run had them, then the rest.
std::vector<std::string> in_order(std::vector<std::string> cells,
                                  const std::vector<Outcome>& known) {
  std::map<std::string_view, std::size_t> places;
  for (const Outcome& outcome : known) places.emplace(outcome.cell, places.size());
  const auto place = [&](const std::string& cell) {
    const auto found = places.find(cell);
    return found != places.end() ? found->second : places.size();
  };
  std::stable_sort(cells.begin(), cells.end(),
                   [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  return cells;
}

}  // namespace

Result<DerivedRun> derive_run(const std::filesystem::path& run_dir,
                              const std::vector<Outcome>& known, const RunInput& input,
                              const std::function<Result<Kernel>(const std::string&)>& find_kernel,
                              ObjectFinder& objects, int jobs) {
  const RunWorld world{.find_kernel = find_kernel};
  Ingredients ingredients(run_dir, known, input);
  ingredients.find(find_kernel, objects, world);
  const std::vector<std::string> cells = in_order(transcribed_cells(run_dir), known);
  std::vector<std::optional<Error>> errors(cells.size());
  std::vector<char> complete(cells.size());
  DerivedRun derived{std::vector<Outcome>(cells.size()), {}};
  for_each_at_once(cells.size(), jobs, [&](std::size_t i) {
    const Result<Transcript> transcript = read_transcript(run_dir, cells[i]);
    if (!transcript) {
      errors[i] = transcript.error();
      return;
    }
    bool whole = false;
    derived.outcomes[i] = ingredients.outcome_of(*transcript, whole);
    complete[i] = whole;
  });
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (errors[i]) return *errors[i];
    if (complete[i] == 0) derived.incomplete.push_back(cells[i]);
  }
  return derived;
}

}  // namespace bpfmatrix
