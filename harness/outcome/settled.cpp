#include "outcome/settled.h"

#include <fmt/format.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

/// E2BIG has two causes, and a question to the kernel tells them apart.
bool attributes_untold(const StageOutcome& stage, const std::optional<bool>& known) {
  return stage.result == StageResult::refused && stage.errno_name == "E2BIG" && !known;
}

std::string unsettled_program(const ProgramOutcome& program) {
  const LoadOutcome& load = program.load;
  const bool log_explains = !load.log_sha256.empty();
  if (!log_explains && attributes_untold(load.stage, load.attributes_known)) {
    return fmt::format("whether the kernel knows all attributes of '{}'", program.name);
  }
  const bool disagree =
      std::any_of(program.relocations.begin(), program.relocations.end(),
                  [](const RelocationRecord& r) { return r.witness == WitnessResult::disagrees; });
  return disagree ? fmt::format("what became of the relocations of '{}'", program.name) : "";
}

std::string unsettled_map(const MapOutcome& map) {
  if (!attributes_untold(map.stage, map.attributes_known)) return "";
  return fmt::format("whether the kernel knows all attributes of '{}'", map.name);
}

std::string unsettled_run(const Outcome& outcome) {
  if (outcome.loader_version.empty()) return "which loader it was";
  if (outcome.kernel.facts.empty()) return "what the kernel is";
  if (!outcome.trigger.problem.empty()) return "what comes of the trigger";
  if (outcome.privileges.memlock_bytes && !outcome.memlock_counted) {
    return "whether memory is counted";
  }
  const auto& command = outcome.command;
  if (command && !command->exit_code && !command->signal) return "how the command ended";
  const bool relocated = outcome.relocation.stage.result == StageResult::ok;
  return relocated && !outcome.relocation.applied ? "how many relocations were applied" : "";
}

bool has_ended(const Outcome& outcome) {
  return outcome.end == End::completed || (outcome.end == End::panicked && outcome.vm.cold_checked);
}

}  // namespace

std::string unsettled(const Outcome& outcome) {
  if (!has_ended(outcome)) return std::string(to_string(outcome.end));
  if (!outcome.vm.unsteady.empty()) return outcome.vm.unsteady[0];
  std::string what = unsettled_run(outcome);
  for (const MapOutcome& map : outcome.maps) {
    if (what.empty()) what = unsettled_map(map);
  }
  for (const ProgramOutcome& program : outcome.programs) {
    if (what.empty()) what = unsettled_program(program);
  }
  return what;
}

}  // namespace bpfmatrix
