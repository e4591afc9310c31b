#include "analysis/run_words.h"

#include <algorithm>
#include <set>

#include "base/printable.h"
#include "base/section_name.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kNotReached = "not_reached";
constexpr std::string_view kAbsent = "absent";

using MaybeWord = std::optional<std::string>;

bool was_attached(const ProgramOutcome& program) {
  return program.attach.stage.result == StageResult::ok && !program.run.displaced;
}

/// The application did, and was well until it was stopped or had done its work.
bool came_up(const Outcome& outcome) {
  return outcome.end == End::completed && outcome.app && !outcome.app->failed() &&
         outcome.open.result == StageResult::ok;
}

std::string yes_or_no(std::uint64_t count) { return count > 0 ? "yes" : "no"; }

/// "fd__wrapper" bears "wrapper", which may be the name of a program and may be none.
bool belongs_to(const ObservedValue& value, const ProgramOutcome& program, const Outcome& outcome) {
  const std::size_t at = value.name.find("__");
  if (at == std::string::npos) return true;
  const std::string bears = value.name.substr(at + 2);
  return bears == program.name ||
         std::none_of(outcome.programs.begin(), outcome.programs.end(),
                      [&](const ProgramOutcome& other) { return other.name == bears; });
}

MaybeWord word(ObservedResult result) {
  if (result == ObservedResult::unknown) return std::nullopt;
  return std::string(to_string(result));
}

/// The one that says most about values that differ: a wrong one, else one that is missing.
ObservedResult worse(ObservedResult a, ObservedResult b) {
  for (const ObservedResult result :
       {ObservedResult::wrong, ObservedResult::absent, ObservedResult::right}) {
    if (a == result || b == result) return result;
  }
  return ObservedResult::unknown;
}

}  // namespace

MaybeWord fired_word(const Outcome& outcome, const ProgramOutcome& program) {
  if (!was_attached(program)) return std::string(kNotReached);
  if (outcome.end != End::completed || !outcome.trigger.problem.empty()) return std::nullopt;
  if (program.run.trigger.empty()) return std::string(kNotReached);
  if (program.run.fired) return yes_or_no(*program.run.fired);
  if (program.run.run_cnt) return yes_or_no(*program.run.run_cnt);
  return std::nullopt;
}

bool left_unattached(const Outcome& outcome, const ProgramOutcome& program) {
  return outcome.app && program.load.stage.result == StageResult::ok &&
         program.attach.stage.result == StageResult::not_reached &&
         names_a_place(parse_section_name(program.section));
}

std::optional<std::vector<std::string>> complaints_of(const Outcome& outcome) {
  constexpr std::size_t kMaxNames = 16;
  constexpr std::size_t kMaxNameBytes = 200;
  if (!outcome.splats) return std::nullopt;
  const bool emulated = outcome.vm.accel != "kvm";
  std::set<std::string> names;
  for (const Splat& splat : *outcome.splats) {
    if ((splat.stall && emulated) || splat.name.empty() || names.size() == kMaxNames) continue;
    names.insert(valid_text(splat.name.substr(0, kMaxNameBytes)));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

bool has_maps_alone(const Outcome& outcome) {
  return outcome.programs.empty() && !outcome.app && !outcome.maps.empty() &&
         outcome.end == End::completed && outcome.open.result == StageResult::ok;
}

bool left_untried(const Outcome& outcome, const ProgramOutcome& program) {
  if (program.left_out.value_or(false)) return true;
  if (!came_up(outcome) || program.load.stage.result != StageResult::not_reached) return false;
  return std::any_of(outcome.programs.begin(), outcome.programs.end(),
                     [](const auto& other) { return other.load.stage.result == StageResult::ok; });
}

bool did_without(const Outcome& outcome, const ProgramOutcome& program) {
  if (!came_up(outcome) || !outcome.app->own) return false;
  if (!program.load.stage.failed() && !program.attach.stage.failed()) return false;
  return std::any_of(outcome.programs.begin(), outcome.programs.end(), was_attached);
}

MaybeWord arguments_word(const Outcome& outcome, const ProgramOutcome& program) {
  if (was_attached(program) && !outcome.trigger.problem.empty()) return std::nullopt;
  return std::string(to_string(program.run.arguments));
}

MaybeWord observed_word(const Outcome& outcome, const ProgramOutcome& program,
                        std::string_view name) {
  if (!was_attached(program)) return std::string(kAbsent);
  ObservedResult all = ObservedResult::unknown;
  for (const ObservedValue& value : outcome.observed) {
    const bool meant = name.empty() ? belongs_to(value, program, outcome) : value.name == name;
    if (meant) all = worse(all, value.result);
  }
  return word(all);
}

std::vector<std::string> wrong_reads(const Outcome& outcome, const ProgramOutcome& program) {
  std::vector<std::string> names;
  if (!was_attached(program)) return names;
  for (const ObservedValue& value : outcome.observed) {
    if (value.result != ObservedResult::wrong) continue;
    if (belongs_to(value, program, outcome)) names.push_back(value.name);
  }
  return names;
}

}  // namespace bpfmatrix
