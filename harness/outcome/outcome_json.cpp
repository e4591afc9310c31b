#include "outcome/outcome_json.h"

#include "outcome/outcome_words.h"
#include "outcome/relocation_json.h"

namespace bpfmatrix {

namespace {

OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

template <typename T>
OrderedJson value_or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson stage_json(const StageOutcome& stage, std::string_view ok) {
  return {{"result", word_of(stage.result, ok)},
          {"errno", text_or_null(stage.errno_name)},
          {"message", text_or_null(stage.message)}};
}

OrderedJson kernel_json(const OutcomeKernel& kernel) {
  return {{"id", kernel.id},
          {"release", kernel.release},
          {"arch", kernel.arch},
          {"btf",
           {{"present", kernel.btf_present},
            {"bytes", kernel.btf_bytes},
            {"sha256", text_or_null(kernel.btf_sha256)}}},
          {"origin",
           {{"kind", kernel.origin_kind},
            {"package", text_or_null(kernel.package)},
            {"version", text_or_null(kernel.version)},
            {"sha256", text_or_null(kernel.sha256)},
            {"signed_by", text_or_null(kernel.signed_by)}}},
          {"facts", text_or_null(kernel.facts)}};
}

OrderedJson embedded_json(const std::optional<EmbeddedBtf>& embedded) {
  if (!embedded) return nullptr;
  return {{"origin", word_of(embedded->origin)},
          {"bytes", embedded->bytes},
          {"sha256", embedded->sha256},
          {"functions", value_or_null(embedded->functions)},
          {"functions_in_kernel", value_or_null(embedded->functions_in_kernel)}};
}

OrderedJson candidates_json(const std::vector<AttachCandidate>& candidates) {
  OrderedJson list = OrderedJson::array();
  for (const AttachCandidate& candidate : candidates) {
    list.push_back({{"symbol", candidate.symbol},
                    {"in_kallsyms", value_or_null(candidate.in_kallsyms)},
                    {"traceable", value_or_null(candidate.traceable)},
                    {"blacklisted", value_or_null(candidate.blacklisted)},
                    {"in_btf", value_or_null(candidate.in_btf)},
                    {"is_event", value_or_null(candidate.is_event)}});
  }
  return list;
}

OrderedJson stats_json(const VerifierStats& stats) {
  return {{"insns", value_or_null(stats.insns)},
          {"states_total", value_or_null(stats.states_total)},
          {"states_peak", value_or_null(stats.states_peak)},
          {"stack_bytes", value_or_null(stats.stack_bytes)},
          {"verification_usec", value_or_null(stats.verification_usec)},
          {"xlated_bytes", value_or_null(stats.xlated_bytes)},
          {"jited_bytes", value_or_null(stats.jited_bytes)}};
}

OrderedJson run_json(const RunOutcome& run) {
  return {{"trigger", text_or_null(run.trigger)},  {"hits", value_or_null(run.hits)},
          {"run_cnt", value_or_null(run.run_cnt)}, {"run_time_ns", value_or_null(run.run_time_ns)},
          {"arguments", word_of(run.arguments)},   {"displaced", run.displaced}};
}

OrderedJson trigger_json(const TriggerOutcome& trigger) {
  OrderedJson performed = OrderedJson::array();
  for (const PerformedOutcome& p : trigger.performed) {
    performed.push_back({{"name", p.name}, {"ret", p.ret}});
  }
  return {{"kind", text_or_null(trigger.kind)},
          {"performed", std::move(performed)},
          {"problem", text_or_null(trigger.problem)}};
}

OrderedJson privileges_json(const Outcome& outcome) {
  const Privileges& privileges = outcome.privileges;
  if (!privileges.limited()) return nullptr;
  return {{"memlock_bytes", value_or_null(privileges.memlock_bytes)},
          {"memlock_counted", value_or_null(outcome.memlock_counted)},
          {"capabilities", value_or_null(privileges.capabilities)},
          {"lockdown", text_or_null(privileges.lockdown)}};
}

OrderedJson source_json(const std::optional<SourceLine>& source) {
  if (!source) return nullptr;
  return {{"instruction", source->instruction},
          {"file", source->file},
          {"line", source->line},
          {"text", source->text}};
}

OrderedJson observed_json(const std::vector<ObservedValue>& values) {
  OrderedJson list = OrderedJson::array();
  for (const ObservedValue& value : values) {
    list.push_back({{"name", value.name},
                    {"value", scalar_to_json(value.value)},
                    {"truth", value.truth ? scalar_to_json(*value.truth) : OrderedJson(nullptr)},
                    {"result", word_of(value.result)}});
  }
  return list;
}

OrderedJson command_json(const std::optional<CommandOutcome>& command) {
  if (!command) return nullptr;
  return {{"path", command->path},
          {"exit_code", value_or_null(command->exit_code)},
          {"signal", value_or_null(command->signal)},
          {"told_by", value_or_null(command->told_by)},
          {"probes", command->probes}};
}

OrderedJson vm_json(const VmOutcome& vm) {
  OrderedJson attempts = OrderedJson::array();
  for (const AttemptOutcome& attempt : vm.attempts) {
    attempts.push_back({{"cloned", attempt.cloned},
                        {"end", to_string(attempt.end)},
                        {"reason", text_or_null(attempt.reason)}});
  }
  return {{"accel", text_or_null(vm.accel)},
          {"cloned", vm.cloned},
          {"ready_ms", vm.ready_ms},
          {"wall_ms", vm.wall_ms},
          {"loader_ms", value_or_null(vm.loader_ms)},
          {"attempts", std::move(attempts)},
          {"cold_checked", vm.cold_checked},
          {"cached", vm.cached},
          {"unsteady", vm.unsteady}};
}

OrderedJson program_json(const ProgramOutcome& program) {
  OrderedJson load = stage_json(program.load.stage, kAccepted);
  load["stats"] = stats_json(program.load.stats);
  load["instructions"] = value_or_null(program.load.instructions);
  load["attributes_known"] = value_or_null(program.load.attributes_known);
  load["type_known"] = value_or_null(program.load.type_known);
  load["attach_type_known"] = value_or_null(program.load.attach_type_known);
  load["source"] = source_json(program.load.source);
  load["log"] = text_or_null(program.load.log_sha256);
  load["log_truncated"] = program.load.log_truncated;
  load["log_tail"] = text_or_null(program.load.log_tail);
  OrderedJson attach = stage_json(program.attach.stage, kAttached);
  attach["method"] = text_or_null(program.attach.method);
  attach["asked"] = text_or_null(program.attach.asked);
  attach["taken"] = text_or_null(program.attach.taken);
  attach["candidates"] = candidates_json(program.attach.candidates);
  OrderedJson relocations = OrderedJson::array();
  for (const RelocationRecord& record : program.relocations) relocations.push_back(to_json(record));
  return {{"name", program.name},        {"section", program.section},
          {"type", program.type},        {"relocations", std::move(relocations)},
          {"load", std::move(load)},     {"attach", std::move(attach)},
          {"run", run_json(program.run)}};
}

OrderedJson relocation_json(const RelocationOutcome& relocation) {
  OrderedJson json = stage_json(relocation.stage, kApplied);
  json["applied"] = value_or_null(relocation.applied);
  json["skipped"] = value_or_null(relocation.skipped);
  json["poisoned"] = value_or_null(relocation.poisoned);
  return json;
}

}  // namespace

OrderedJson to_json(const Outcome& outcome) {
  OrderedJson maps = OrderedJson::array();
  for (const MapOutcome& map : outcome.maps) {
    OrderedJson json{{"name", map.name}, {"type", map.type}};
    json.update(stage_json(map.stage, kCreated));
    json["attributes_known"] = value_or_null(map.attributes_known);
    maps.push_back(std::move(json));
  }
  OrderedJson programs = OrderedJson::array();
  for (const ProgramOutcome& program : outcome.programs) programs.push_back(program_json(program));
  const OutcomeObject& object = outcome.object;
  return {{"schema", kOutcomeSchema},
          {"cell", outcome.cell},
          {"kernel", kernel_json(outcome.kernel)},
          {"case", outcome.case_id},
          {"btf", outcome.btf_source},
          {"embedded", embedded_json(outcome.embedded)},
          {"object",
           {{"path", object.path},
            {"sha256", text_or_null(object.sha256)},
            {"btf", object.btf},
            {"btf_ext", object.btf_ext},
            {"license", text_or_null(object.license)},
            {"producer", text_or_null(object.producer)},
            {"global_data", value_or_null(object.global_data)},
            {"callbacks", value_or_null(object.callbacks)}}},
          {"loader",
           {{"name", outcome.loader},
            {"version", text_or_null(outcome.loader_version)},
            {"command", command_json(outcome.command)}}},
          {"privileges", privileges_json(outcome)},
          {"vm", vm_json(outcome.vm)},
          {"end", to_string(outcome.end)},
          {"end_reason", text_or_null(outcome.end_reason)},
          {"console_tail", text_or_null(outcome.console_tail)},
          {"open", stage_json(outcome.open, kOpened)},
          {"relocated", relocation_json(outcome.relocation)},
          {"maps", std::move(maps)},
          {"programs", std::move(programs)},
          {"trigger", trigger_json(outcome.trigger)},
          {"observed", observed_json(outcome.observed)}};
}

std::string to_line(const Outcome& outcome) {
  return to_json(outcome).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace bpfmatrix
