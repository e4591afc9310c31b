// The kernels and objects of a run, as they were found before anything boots.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cell/btf_answers.h"
#include "cell/kernel_types.h"
#include "cell/object_file.h"
#include "cell/run_cell.h"
#include "elf/btf_identity.h"
#include "kernels/kernel.h"
#include "run/machines/guests.h"
#include "run/objects/given_btf.h"
#include "run/objects/module_finder.h"
#include "run/run.h"

namespace bpfmatrix {

/// A kernel of the run, and where its cells get their guests from.
struct RunKernel {
  KernelForCases kernels;
  /// nullptr where the kernel is unavailable.
  std::unique_ptr<Guests> guests{};
  /// Why it has none.
  std::optional<VmExit> no_guests{};
  KernelTypes types{};
  /// Of the BTF files that the user gave for it, by their hashes.
  std::map<std::string, BtfShare> given_shares{};
  /// Of what objects need and do not name.
  ModuleFinder modules;
  std::atomic<int> booted{0};
  std::atomic<std::size_t> cells_left{0};

  explicit RunKernel(Result<Kernel> found)
      : kernels(std::move(found)),
        modules(kernel() ? kernel()->modules : std::optional<std::filesystem::path>()) {}

  const Result<Kernel>& kernel() const { return kernels.plain(); }
};

/// The kernel's own BTF is what user space reads; where it has none, what is handed over.
inline BtfAnswers btf_answers(const Kernel& kernel, KernelTypes& types_of) {
  const KernelBtf* btf = kernel.btf ? &*kernel.btf : btf_to_embed(kernel);
  if (btf == nullptr) return {};
  return [&types_of,
          file = btf->file](const BtfQuestion& question) -> Result<std::optional<std::int64_t>> {
    const auto types = types_of.read(file);
    if (!types) return types.error();
    return answer(**types, question);
  };
}

struct RunParts {
  const RunInput& input;
  /// By id: every kernel of the plan.
  std::map<std::string, std::unique_ptr<RunKernel>> kernels{};
  /// By case and architecture.
  std::map<std::pair<std::string, Arch>, Result<ObjectFile>> objects{};
  /// What cases want to be there together with their objects: by path and architecture.
  std::map<std::pair<std::string, Arch>, ObjectFile> companions{};

  RunKernel& kernel_of(const Cell& cell) const { return *kernels.at(cell.kernel.id); }
  const Result<Kernel>& kernel_for(const Cell& cell) const {
    return kernel_of(cell).kernels.of(cell.case_id);
  }
  const CaseSpec& spec_of(const Cell& cell) const { return input.cases.at(cell.case_id); }
  const Result<ObjectFile>& object_of(const Cell& cell) const {
    return objects.at({cell.case_id, cell.kernel.arch});
  }
  /// Of a cell whose kernel and object are there. `facts` may be nullptr: nothing was measured of
  /// the kernel.
  CellInput input_of(const Cell& cell, std::chrono::seconds timeout, const RunWorld& world,
                     const KernelFacts* facts) const {
    RunKernel& kernel = kernel_of(cell);
    CellInput in{&cell, &spec_of(cell), &*kernel_for(cell), &*object_of(cell), &kernel.types};
    const auto app = input.apps.find({cell.loader, cell.kernel.arch});
    if (app != input.apps.end()) in.app = &app->second;
    in.timeout = timeout;
    in.modules = in.spec->user.modules;
    for (const std::filesystem::path& file : in.spec->together) {
      const ObjectFile& companion = companions.at({file.string(), cell.kernel.arch});
      in.together.emplace_back(case_for_object(file).id, &companion);
    }
    if (facts != nullptr) {
      for (std::string& name : kernel.modules.modules_for(*in.object, *facts))
        in.modules.push_back(std::move(name));
    }
    std::vector<ProgramName> programs;
    for (const ObjectProgram& program : in.object->info.programs)
      programs.push_back({program.name, program.section.starts_with('?')});
    in.asked =
        asked_of_loader(in.spec->user, programs, world.condition_facts(cell, *in.kernel, facts),
                        btf_answers(*in.kernel, kernel.types));
    return in;
  }
};

}  // namespace bpfmatrix
