#include "cell/derive.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/child_process.h"
#include "base/sha256.h"
#include "cell/app_output.h"
#include "cell/attach_candidates.h"
#include "cell/differences.h"
#include "cell/failure_source.h"
#include "cell/kernel_evidence.h"
#include "cell/loader_record.h"
#include "cell/log_tail.h"
#include "cell/observation.h"
#include "vm/splats.h"

namespace bpfmatrix {

namespace {

constexpr int kLogTailLines = 24;
constexpr std::string_view kStandardTrigger = "standard";

// 1. What was put in: kernel, object, case, loader.

OutcomeObject object_of(const DeriveInput& in) {
  OutcomeObject object;
  object.path = in.transcript.inputs.object.path;
  object.sha256 = in.transcript.inputs.object.sha256;
  if (in.object == nullptr || in.object->problem) return object;
  const ObjectInfo& info = in.object->info;
  object.btf = info.btf;
  object.btf_ext = info.btf_ext;
  object.license = info.license;
  object.producer = info.producer;
  object.global_data = info.relocations.global_data > 0;
  object.callbacks = info.relocations.callbacks > 0;
  return object;
}

Outcome outcome_before_run(const DeriveInput& in) {
  const TranscriptInputs& inputs = in.transcript.inputs;
  Outcome outcome;
  outcome.cell = inputs.cell;
  outcome.kernel = inputs.kernel;
  outcome.kernel.facts = in.facts_sha256;
  outcome.object = object_of(in);
  outcome.case_id = inputs.spec.id;
  outcome.btf_source = inputs.btf_source;
  outcome.embedded = inputs.embedded;
  if (outcome.embedded && in.given_share) {
    outcome.embedded->functions = in.given_share->compared;
    outcome.embedded->functions_in_kernel = in.given_share->alike;
  }
  outcome.loader = inputs.loader;
  outcome.privileges = inputs.spec.privileges;
  return outcome;
}

// 2. What the loader said, and whether its record is whole.

struct Said {
  LoaderRecord record{};
  /// The first line that is none of the contract; empty: there is none.
  std::string problem{};
};

Said read_lines(const Attempt& attempt) {
  LoaderReader reader;
  Said said;
  for (const std::string& line : attempt.lines) {
    const Result<> added = reader.add(line);
    if (added) continue;
    said.problem = added.error().message;
    break;
  }
  said.record = reader.take();
  return said;
}

// 3. How the attempt ended.

std::string exit_words(const Exited& exited) {
  ExitStatus status;
  if (exited.code) status.code = static_cast<int>(*exited.code);
  if (exited.signal) status.signal = static_cast<int>(*exited.signal);
  return to_string(status);
}

/// A record is complete, or it is worth nothing: there is no half a pass.
AttemptEnd end_with_exit(const Exited& exited, const Said& said, const Attempt& attempt,
                         const TranscriptInputs& inputs) {
  if (!said.problem.empty()) return {End::lost, said.problem};
  if (!attempt.go_error.empty()) return {End::lost, attempt.go_error};
  if (exited.timed_out) {
    return {End::hung, fmt::format("the loader did not end within {} s", inputs.timeout_s)};
  }
  if (exited.dropped_out_bytes > 0) {
    return {End::lost,
            fmt::format("{} bytes of the loader's record were lost", exited.dropped_out_bytes)};
  }
  if (!said.record.done) {
    return {End::lost, fmt::format("the loader ended with {} before its record was complete",
                                   exit_words(exited))};
  }
  if (exited.code != 0) {
    return {End::lost, fmt::format("the loader ended with {} after its record was complete",
                                   exit_words(exited))};
  }
  if (std::string text = contradiction(said.record, attempt, inputs.app.has_value());
      !text.empty()) {
    return {End::lost, std::move(text)};
  }
  return {End::completed};
}

/// An agent that is there and says no could not prepare the kernel as the case wants it.
AttemptEnd end_without_exit(const Attempt& attempt, const TranscriptInputs& inputs) {
  if (attempt.session == SessionState::hung) return {End::hung, attempt.session_error};
  const bool refused = attempt.session == SessionState::ready && inputs.spec.privileges.limited();
  return {refused ? End::unavailable : End::lost, attempt.session_error};
}

/// What the machine left behind counts more than what the talk with its agent ended with.
AttemptEnd end_of(const Attempt& attempt, const Said& said, const TranscriptInputs& inputs) {
  if (attempt.no_machine) {
    return {attempt.no_machine->end, attempt.no_machine->reason, attempt.no_machine->console_tail};
  }
  if (attempt.machine_end) {
    const VmExit exit = classify_exit(*attempt.machine_end);
    return {exit.end, exit.reason, exit.console_tail};
  }
  return attempt.exited ? end_with_exit(*attempt.exited, said, attempt, inputs)
                        : end_without_exit(attempt, inputs);
}

// 4. Each stage, as the loader recorded it.

std::vector<MapOutcome> maps_of(const LoaderRecord& record) {
  std::vector<MapOutcome> maps;
  for (const SaidMap& said : record.maps) {
    maps.push_back({said.name, said.type, said.stage, said.attributes_known, said.sized});
  }
  return maps;
}

LoadOutcome load_of(const SaidProgram& said) {
  LoadOutcome load;
  load.stage = said.load;
  load.stats = said.stats;
  load.instructions = said.instructions;
  load.attributes_known = said.attributes_known;
  load.type_known = said.type_known;
  load.attach_type_known = said.attach_type_known;
  load.log_truncated = said.log_truncated;
  if (said.log.empty()) return load;
  load.log_sha256 = sha256_hex(said.log);
  load.log_tail = log_tail(said.log, kLogTailLines);
  return load;
}

std::vector<ProgramOutcome> programs_of(const LoaderRecord& record, const KernelFacts* facts) {
  std::vector<ProgramOutcome> programs;
  for (const SaidProgram& said : record.programs) {
    ProgramOutcome program;
    program.name = said.name;
    program.section = said.section;
    program.type = said.type;
    program.load = load_of(said);
    program.attach = {said.attach, said.method, said.requested, said.actual, {}};
    if (facts != nullptr) {
      program.attach.candidates = candidates_of(said.section, said.method, said.requested, *facts);
    }
    program.run.run_cnt = said.run_cnt;
    program.run.run_time_ns = said.run_time_ns;
    program.run.displaced = said.displaced;
    if (!said.needs_map.empty()) program.needs_map = said.needs_map;
    programs.push_back(std::move(program));
  }
  return programs;
}

std::optional<OwnOutcome> own_of(const Attempt& attempt, const LoaderApp& app, bool failed) {
  constexpr int kLastWords = 12;
  if (!app.own_object) return std::nullopt;
  OwnOutcome own;
  const OwnObject& asked = *app.own_object;
  if (!asked.ready.empty()) own.said_ready = matches_output(attempt.loader_log, asked.ready);
  if (!asked.output.empty()) own.output_matched = matches_output(attempt.loader_log, asked.output);
  const bool well = !failed && own.said_ready != false && own.output_matched != false;
  if (!well) own.last_words = last_lines(clean_console(attempt.loader_log), kLastWords);
  return own;
}

std::optional<AppOutcome> app_of(const LoaderRecord& record, const Attempt& attempt,
                                 const TranscriptInputs& inputs) {
  if (!record.app) return std::nullopt;
  AppOutcome app{.exit_code = record.app->exit_code,
                 .signal = record.app->signal,
                 .stop_signal = record.app->stop_signal,
                 .probes = record.app->probes};
  if (record.ready) {
    const auto& all = record.programs;
    app.held = static_cast<int>(std::count_if(
        all.begin(), all.end(), [](const SaidProgram& program) { return program.id.has_value(); }));
  }
  if (!inputs.app) return app;
  app.path = inputs.app->app.path;
  app.own = own_of(attempt, inputs.app->app, app.failed());
  if (app.own && record.app->never_quiet) app.own->never_quiet = true;
  return app;
}

/// What user space asked of them: to be left out, or to be attached to another program, whose
/// function is nothing that the kernel has by that name.
void note_asked(const LoadSettings& asked, std::vector<ProgramOutcome>& programs) {
  for (ProgramOutcome& program : programs) {
    const auto& names = asked.left_out;
    const bool left_out = std::find(names.begin(), names.end(), program.name) != names.end();
    if (left_out && program.load.stage.result == StageResult::not_reached) program.left_out = true;
    const auto to = asked.attach.find(program.name);
    if (to != asked.attach.end() && to->second.program) program.attach.candidates.clear();
  }
}

/// Where the verifier stood when it rejected a program.
void locate_rejections(const ObjectFile& object, std::vector<ProgramOutcome>& programs) {
  const bool any = std::any_of(programs.begin(), programs.end(), [](const ProgramOutcome& p) {
    return p.load.stage.result == StageResult::failed && !p.load.log_tail.empty();
  });
  if (!any || object.elf == nullptr) return;
  const Result<SourceLines> lines = SourceLines::of(*object.elf);
  if (!lines) return;
  for (ProgramOutcome& program : programs) {
    if (program.load.stage.result != StageResult::failed) continue;
    program.load.source = failure_source(*lines, program.name, program.load.log_tail);
  }
}

// 5. What the programs did while they were attached.

bool was_attached(const ProgramOutcome& program) {
  return program.attach.stage.result == StageResult::ok && !program.run.displaced;
}

TriggerOutcome trigger_of(const Attempt& attempt) {
  TriggerOutcome trigger;
  trigger.problem = attempt.trigger_error;
  if (!attempt.triggered) return trigger;
  trigger.kind = kStandardTrigger;
  for (const Operation& operation : attempt.triggered->performed) {
    trigger.performed.push_back({operation.name, operation.ret});
  }
  return trigger;
}

/// The map `observed` is the object's: with several programs it speaks only of what bears a
/// program's name.
void add_runs(Outcome& outcome) {
  const bool alone =
      std::count_if(outcome.programs.begin(), outcome.programs.end(), was_attached) == 1;
  for (ProgramOutcome& program : outcome.programs) {
    if (!was_attached(program)) continue;
    program.run.trigger = kStandardTrigger;
    program.run.fired = fired_count(outcome.observed, program.name);
    if (!program.run.fired && alone) program.run.fired = fired_count(outcome.observed);
    if (is_syscall_probe(program.section)) {
      program.run.arguments = arguments_seen(outcome.observed, alone ? "" : program.name);
    }
  }
}

// 6. What became of each CO-RE relocation.

/// Empty: records can be made. Else why not; there is nothing to compare then.
std::string why_not_compared(const DeriveInput& in) {
  if (in.object == nullptr) return "the object is gone";
  if (in.object->elf == nullptr) return "the object cannot be read";
  return in.types ? "" : "the BTF that the loader had is gone";
}

void add_relocations(const DeriveInput& in, const LoaderRecord& record, Derived& derived) {
  Outcome& outcome = derived.outcome;
  outcome.relocate = {record.relocate, record.applied, record.skipped, record.poisoned, ""};
  const bool none = in.object != nullptr && in.object->info.relocations.core_total() == 0;
  if (none) return;
  outcome.relocate.not_compared = why_not_compared(in);
  if (!outcome.relocate.not_compared.empty()) return;
  Result<ObjectRelocations> all =
      record_relocations(*in.object->elf, *in.types, outcome.loader, record,
                         in.transcript.inputs.spec.load.value_or(LoadSettings()));
  if (!all) {
    derived.notices.push_back(
        fmt::format("{}: no record of its relocations: {}", outcome.cell, all.error().message));
    return;
  }
  for (std::size_t i = 0; i < outcome.programs.size(); ++i) {
    outcome.programs[i].relocations = std::move(all->programs[i]);
  }
  if (all->total == 0 || record.relocate.result != StageResult::ok) return;
  outcome.relocate.applied = all->applied;
  outcome.relocate.skipped = all->skipped;
  outcome.relocate.poisoned = all->poisoned;
}

void notice_disagreements(Derived& derived) {
  for (const ProgramOutcome& program : derived.outcome.programs) {
    for (const RelocationRecord& record : program.relocations) {
      if (record.cross_check != CrossCheck::disagrees) continue;
      derived.notices.push_back(fmt::format("{}: '{}': relocation {} ({}): {}",
                                            derived.outcome.cell, program.name, record.index,
                                            record.local, record.cross_check_note));
    }
  }
}

// 7. One attempt, whole.

VmOutcome machine_of(const Attempt& attempt, const LoaderRecord& record) {
  VmOutcome vm;
  vm.accel = attempt.accel;
  vm.cloned = attempt.cloned;
  vm.ready_ms = attempt.ready_ms;
  vm.wall_ms = attempt.wall_ms;
  if (attempt.exited) vm.loader_ms = attempt.exited->wall_ms;
  vm.btf_parsed_ahead = record.btf_parsed_ahead;
  return vm;
}

std::optional<std::vector<std::string>> not_set_up(const Attempt& attempt) {
  std::vector<std::string> all;
  for (const std::string& text : attempt.modules_missing.value_or(all))
    all.push_back("module " + text);
  if (attempt.exited && attempt.exited->refused)
    all.insert(all.end(), attempt.exited->refused->begin(), attempt.exited->refused->end());
  return all.empty() ? std::nullopt : std::optional(std::move(all));
}

/// An object of which the loader said nothing is there as one that was not reached.
std::optional<std::vector<CompanionOutcome>> beside_of(const LoaderRecord& record,
                                                       const CaseInput& asked) {
  if (!asked.together) return std::nullopt;
  std::vector<CompanionOutcome> beside = record.beside;
  for (const CompanionInput& companion : *asked.together) {
    const bool is_said = std::any_of(beside.begin(), beside.end(), [&](const auto& said) {
      return said.object == companion.name;
    });
    if (!is_said) beside.push_back({.object = companion.name});
  }
  return beside;
}

Derived derive_attempt(const DeriveInput& in, const Attempt& attempt) {
  const TranscriptInputs& inputs = in.transcript.inputs;
  const Said said = read_lines(attempt);
  const LoaderRecord& record = said.record;
  Derived derived{outcome_before_run(in), {}, attempt.loader_log, {}};
  Outcome& outcome = derived.outcome;
  AttemptEnd end = end_of(attempt, said, inputs);
  outcome.end = end.end;
  outcome.end_reason = std::move(end.reason);
  outcome.console_tail = std::move(end.console_tail);
  outcome.vm = machine_of(attempt, record);
  if (attempt.exited) outcome.memlock_counted = attempt.exited->memlock_counted;
  outcome.modules = inputs.spec.modules;
  outcome.not_set_up = not_set_up(attempt);
  outcome.loader_version = record.version;
  outcome.app = app_of(record, attempt, inputs);
  outcome.open = record.open;
  outcome.maps = maps_of(record);
  outcome.programs = programs_of(record, in.facts);
  if (inputs.spec.load) note_asked(*inputs.spec.load, outcome.programs);
  if (in.object != nullptr) locate_rejections(*in.object, outcome.programs);
  outcome.beside = beside_of(record, inputs.spec);
  outcome.trigger = trigger_of(attempt);
  outcome.observed = compare(
      record.observed,
      expected_values(attempt.triggered, in.spec != nullptr ? in.spec->truth : NamedValues()));
  if (attempt.triggered) add_runs(outcome);
  add_relocations(in, record, derived);
  notice_disagreements(derived);
  for (const SaidProgram& program : record.programs) {
    if (!program.log.empty()) derived.logs.emplace(program.name, program.log);
  }
  return derived;
}

// 8. What the kernel complained of meanwhile.

/// Nothing is hidden by an attempt that does not count.
std::optional<std::vector<Splat>> splats_of(const std::vector<Attempt>& attempts) {
  std::optional<std::vector<Splat>> splats;
  for (const Attempt& attempt : attempts) {
    if (!attempt.console) continue;
    if (!splats) splats.emplace();
    for (Complaint& one : find_complaints(clean_console(*attempt.console))) {
      const auto same = std::find_if(splats->begin(), splats->end(),
                                     [&](const Splat& splat) { return splat.name == one.name; });
      if (same != splats->end()) {
        ++same->count;
      } else {
        splats->push_back({std::move(one.name), std::move(one.text), 1, one.is_stall});
      }
    }
  }
  return splats;
}

void notice_splats(Derived& derived) {
  if (!derived.outcome.splats) return;
  constexpr std::size_t kSaid = 3;
  const std::vector<Splat>& splats = *derived.outcome.splats;
  for (std::size_t i = 0; i < std::min(splats.size(), kSaid); ++i) {
    derived.notices.push_back(
        fmt::format("{}: the kernel complained: {}", derived.outcome.cell, splats[i].name));
  }
  if (splats.size() > kSaid) {
    derived.notices.push_back(
        fmt::format("{}: ... and of {} things more", derived.outcome.cell, splats.size() - kSaid));
  }
}

// 9. Of several attempts: which counts, and whether they agree.

AttemptOutcome brief(const Outcome& outcome) {
  return {outcome.vm.cloned, outcome.end, outcome.end_reason};
}

/// A lost machine says nothing, so the last attempt that was not lost counts, or the last of all.
/// Nothing is known for certain where two of them differ.
Derived settle(std::vector<Derived> attempts) {
  std::vector<AttemptOutcome> ends;
  std::vector<std::string> flaky;
  std::int64_t wall_ms = 0;
  const Outcome* before = nullptr;
  std::size_t counts = attempts.size() - 1;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const Outcome& outcome = attempts[i].outcome;
    ends.push_back(brief(outcome));
    wall_ms += outcome.vm.wall_ms;
    if (outcome.end == End::lost) continue;
    if (before != nullptr) {
      for (std::string& text : differences(*before, outcome)) flaky.push_back(std::move(text));
    }
    before = &outcome;
    counts = i;
  }
  Derived settled = std::move(attempts[counts]);
  if (ends.size() > 1) settled.outcome.vm.attempts = std::move(ends);
  settled.outcome.vm.wall_ms = wall_ms;
  settled.outcome.vm.flaky = std::move(flaky);
  return settled;
}

/// The first attempt counts; the cold check only says whether it can be relied on.
Derived with_cold_check(Derived first, const Outcome& cold) {
  VmOutcome& vm = first.outcome.vm;
  vm.cold_checked = true;
  vm.flaky = differences(first.outcome, cold);
  if (!vm.flaky.empty()) vm.attempts = {brief(first.outcome), brief(cold)};
  vm.wall_ms += cold.vm.wall_ms;
  return first;
}

/// Cells that needed no guest, because it was known that there could be none for them.
Derived derive_unrun(const DeriveInput& in) {
  Derived derived{outcome_before_run(in), {}, "", {}};
  Outcome& outcome = derived.outcome;
  if (!in.transcript.object_problem.empty()) {
    // No kernel saw it: whether this run has asked the kernel is another cell's doing.
    outcome.kernel.facts.clear();
    outcome.end = End::completed;
    outcome.open = {StageResult::failed, "", in.transcript.object_problem};
  } else {
    outcome.end = End::unavailable;
    outcome.end_reason = in.transcript.unavailable;
  }
  return derived;
}

void notice_flaky(Derived& derived) {
  for (const std::string& difference : derived.outcome.vm.flaky) {
    derived.notices.push_back(fmt::format("{}: attempts at this cell differ, so it is flaky: {}",
                                          derived.outcome.cell, difference));
  }
}

}  // namespace

AttemptEnd end_of(const Attempt& attempt, const TranscriptInputs& inputs) {
  return end_of(attempt, read_lines(attempt), inputs);
}

Outcome as_recalled(Outcome outcome) {
  outcome.vm.cached = true;
  return outcome;
}

bool worth_another_attempt(End end) { return end == End::lost || end == End::hung; }

Derived derive(const DeriveInput& in) {
  if (in.transcript.attempts.empty()) return derive_unrun(in);
  std::vector<Derived> attempts;
  for (const Attempt& attempt : in.transcript.attempts) {
    attempts.push_back(derive_attempt(in, attempt));
  }
  const bool checked = in.transcript.attempts.back().kind == AttemptKind::cold_check;
  Derived derived = checked ? with_cold_check(std::move(attempts.front()), attempts.back().outcome)
                            : settle(std::move(attempts));
  derived.outcome.vm.cached = in.recalled;
  derived.outcome.splats = splats_of(in.transcript.attempts);
  notice_flaky(derived);
  notice_splats(derived);
  return derived;
}

}  // namespace bpfmatrix
