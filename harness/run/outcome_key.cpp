#include "run/outcome_key.h"

#include "base/sha256.h"
#include "outcome/outcome_json.h"

namespace bpfmatrix {

namespace {

/// What of the case is asked of the guest. Its privileges, and the BTF that is handed over, stand
/// in the outcome before the run; its flags and what is stripped have made the object.
Result<OrderedJson> case_json(const CaseSpec& spec) {
  OrderedJson json{{"attach", spec.attach}, {"globals", spec.globals}};
  OrderedJson truth = OrderedJson::object();
  for (const auto& [name, value] : spec.truth) {
    std::visit([&, key = name](const auto& v) { truth[key] = v; }, value);
  }
  json["truth"] = std::move(truth);
  if (!spec.trigger) return json;
  OrderedJson trigger{{"command", spec.trigger->command}};
  if (spec.trigger->write) {
    trigger["write"] = {spec.trigger->write->path, spec.trigger->write->text};
  }
  if (!spec.trigger->command_file.empty()) {
    Result<std::string> hash = sha256_file(spec.trigger->command_file);
    if (!hash) return std::move(hash).error();
    trigger["command_file"] = *std::move(hash);
  }
  json["trigger"] = std::move(trigger);
  return json;
}

OrderedJson command_json(const CommandFile* command) {
  if (command == nullptr) return nullptr;
  OrderedJson json = to_json(command->command);
  json["sha256"] = command->sha256;
  return json;
}

}  // namespace

Result<std::string> to_string(const OutcomeKey& key) {
  const CellInput& input = *key.input;
  Result<OrderedJson> spec = case_json(*input.spec);
  if (!spec) return std::move(spec).error();
  const Outcome before = outcome_before_run(*input.cell, *input.spec, input.kernel, input.object);
  const OrderedJson json{
      {"schema", kOutcomeSchema},           {"recorder", key.recorder},
      {"before", to_json(before)},          {"image", input.kernel->image_sha256},
      {"case", *std::move(spec)},           {"command", command_json(input.command)},
      {"timeout_s", input.timeout.count()}, {"machine", key.machine},
      {"isolation", key.isolation},         {"facts", key.facts}};
  return sha256_hex(json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
}

Result<std::string> recorder_hash() { return sha256_file("/proc/self/exe"); }

}  // namespace bpfmatrix
