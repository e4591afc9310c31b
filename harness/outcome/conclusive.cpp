#include "outcome/conclusive.h"

#include <fmt/format.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

/// E2BIG has two causes (kernel/bpf/syscall.c, bpf_prog_load() and bpf_check_uarg_tail_zero(),
/// v5.8), and a second call of the kernel tells which.
bool attributes_unknown(const StageOutcome& stage, const std::optional<bool>& known) {
  return stage.failed() && stage.errno_name == "E2BIG" && !known;
}

std::string inconclusive_program(const ProgramOutcome& program) {
  const LoadOutcome& load = program.load;
  const bool log_explains = !load.log_sha256.empty();
  if (!log_explains && attributes_unknown(load.stage, load.attributes_known)) {
    return fmt::format("whether the kernel knows all attributes of '{}'", program.name);
  }
  const bool disagree =
      std::any_of(program.relocations.begin(), program.relocations.end(),
                  [](const RelocationRecord& r) { return r.cross_check == CrossCheck::disagrees; });
  return disagree ? fmt::format("whether the relocations of '{}' are right", program.name) : "";
}

std::string inconclusive_map(const MapOutcome& map) {
  if (!attributes_unknown(map.stage, map.attributes_known)) return "";
  return fmt::format("whether the kernel knows all attributes of '{}'", map.name);
}

std::string inconclusive_run(const Outcome& outcome) {
  if (outcome.loader_version.empty()) return "which loader it was";
  if (outcome.kernel.facts.empty()) return "what the kernel is";
  if (!outcome.trigger.problem.empty()) return "what the trigger did";
  if (outcome.privileges.memlock_bytes && !outcome.memlock_counted) {
    return "whether memory is counted";
  }
  const auto& app = outcome.app;
  if (app && !app->exit_code && !app->signal) return "how the app ended";
  const bool relocated = outcome.relocate.stage.result == StageResult::ok;
  return relocated && !outcome.relocate.applied ? "how many relocations were applied" : "";
}

bool has_ended(const Outcome& outcome) {
  return outcome.end == End::completed || (outcome.end == End::panicked && outcome.vm.cold_checked);
}

}  // namespace

bool has_result(const Outcome& outcome) {
  const bool ended = outcome.end == End::completed || outcome.end == End::panicked;
  return ended && outcome.vm.flaky.empty();
}

std::string inconclusive(const Outcome& outcome) {
  if (!has_ended(outcome)) return std::string(to_string(outcome.end));
  if (!outcome.vm.flaky.empty()) return outcome.vm.flaky[0];
  std::string what = inconclusive_run(outcome);
  for (const MapOutcome& map : outcome.maps) {
    if (what.empty()) what = inconclusive_map(map);
  }
  for (const ProgramOutcome& program : outcome.programs) {
    if (what.empty()) what = inconclusive_program(program);
  }
  return what;
}

}  // namespace bpfmatrix
