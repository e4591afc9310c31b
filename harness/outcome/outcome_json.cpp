#include "outcome/outcome_json.h"

#include <fmt/format.h>

#include <array>

#include "base/file.h"
#include "base/gzip.h"
#include "outcome/relocation_json.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxOutcomesBytes = 1ULL << 30;

/// What each stage calls its success; the other two words are the same everywhere.
constexpr std::string_view kOpened = "opened";
constexpr std::string_view kApplied = "applied";
constexpr std::string_view kCreated = "created";
constexpr std::string_view kAccepted = "accepted";
constexpr std::string_view kAttached = "attached";

std::string_view word(StageResult result, std::string_view ok) {
  switch (result) {
    case StageResult::not_tried:
      return "not_tried";
    case StageResult::ok:
      return ok;
    case StageResult::refused:
      return "refused";
  }
  return "";
}

constexpr std::array kArgumentsSeen{ArgumentsSeen::not_told, ArgumentsSeen::direct,
                                    ArgumentsSeen::wrapped, ArgumentsSeen::wrong};
std::string_view word(ArgumentsSeen seen) {
  switch (seen) {
    case ArgumentsSeen::not_told:
      return "not_told";
    case ArgumentsSeen::direct:
      return "direct";
    case ArgumentsSeen::wrapped:
      return "wrapped";
    case ArgumentsSeen::wrong:
      return "wrong";
  }
  return "";
}

constexpr std::array kObservedResults{ObservedResult::untold, ObservedResult::absent,
                                      ObservedResult::right, ObservedResult::wrong};
std::string_view word(ObservedResult result) {
  switch (result) {
    case ObservedResult::untold:
      return "untold";
    case ObservedResult::absent:
      return "absent";
    case ObservedResult::right:
      return "right";
    case ObservedResult::wrong:
      return "wrong";
  }
  return "";
}

OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

template <typename T>
OrderedJson value_or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson stage_json(const StageOutcome& stage, std::string_view ok) {
  return {{"result", word(stage.result, ok)},
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
          {"arguments", word(run.arguments)},      {"displaced", run.displaced}};
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
                    {"result", word(value.result)}});
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
          {"vm",
           {{"accel", text_or_null(outcome.accel)},
            {"ready_ms", outcome.ready_ms},
            {"wall_ms", outcome.wall_ms}}},
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

namespace {

/// Reads one object of the line; the first error of any of them is the line's.
class OutcomeReader {
 public:
  explicit OutcomeReader(std::string where) : where_(std::move(where)) {}

  Result<Outcome> read(const Json& json) {
    Outcome outcome;
    ObjectReader reader(json, where_);
    if (reader.integer("schema") != kOutcomeSchema) reader.fail("schema", "only 1 is known");
    if (reader.failed()) return reader.finish().error();
    outcome.cell = reader.string("cell");
    outcome.case_id = reader.string("case");
    outcome.btf_source = reader.string("btf");
    read_kernel(inner(reader, "kernel"), outcome.kernel);
    read_object(inner(reader, "object"), outcome.object);
    ObjectReader loader = inner(reader, "loader");
    outcome.loader = loader.string("name");
    outcome.loader_version = loader.optional_string("version").value_or("");
    read_command(loader, outcome.command);
    finish(loader);
    read_privileges(reader, outcome);
    ObjectReader vm = inner(reader, "vm");
    outcome.accel = vm.optional_string("accel").value_or("");
    outcome.ready_ms = vm.integer("ready_ms");
    outcome.wall_ms = vm.integer("wall_ms");
    finish(vm);
    const auto end = parse_end(reader.string("end"));
    if (!end) reader.fail("end", "unknown word");
    outcome.end = end.value_or(End::lost);
    outcome.end_reason = reader.optional_string("end_reason").value_or("");
    outcome.console_tail = reader.optional_string("console_tail").value_or("");
    ObjectReader open = inner(reader, "open");
    read_stage(open, outcome.open, kOpened);
    finish(open);
    read_relocation(inner(reader, "relocated"), outcome.relocation);
    read_maps(reader, outcome);
    read_programs(reader, outcome);
    read_trigger(inner(reader, "trigger"), outcome.trigger);
    read_observed(reader, outcome);
    finish(reader);
    if (error_) return *error_;
    return outcome;
  }

 private:
  ObjectReader inner(ObjectReader& parent, std::string_view key) {
    static const Json kNothing = Json::object();
    const Json* json = parent.required(key);
    return ObjectReader(json != nullptr ? *json : kNothing, parent.where(key));
  }

  void finish(ObjectReader& reader) {
    const Result<> read = reader.finish();
    if (!read && !error_) error_ = read.error();
  }

  static void read_stage(ObjectReader& reader, StageOutcome& stage, std::string_view ok) {
    const std::string result = reader.string("result");
    bool known = false;
    for (const StageResult candidate :
         {StageResult::not_tried, StageResult::ok, StageResult::refused}) {
      if (result != word(candidate, ok)) continue;
      stage.result = candidate;
      known = true;
    }
    if (!known) reader.fail("result", fmt::format("unknown word '{}'", result));
    stage.errno_name = reader.optional_string("errno").value_or("");
    stage.message = reader.optional_string("message").value_or("");
  }

  void read_kernel(ObjectReader reader, OutcomeKernel& kernel) {
    kernel.id = reader.string("id");
    kernel.release = reader.string("release");
    kernel.arch = reader.string("arch");
    ObjectReader btf = inner(reader, "btf");
    kernel.btf_present = btf.boolean("present");
    kernel.btf_bytes = number(btf, "bytes").value_or(0);
    kernel.btf_sha256 = btf.optional_string("sha256").value_or("");
    finish(btf);
    ObjectReader origin = inner(reader, "origin");
    kernel.origin_kind = origin.string("kind");
    kernel.package = origin.optional_string("package").value_or("");
    kernel.version = origin.optional_string("version").value_or("");
    kernel.sha256 = origin.optional_string("sha256").value_or("");
    kernel.signed_by = origin.optional_string("signed_by").value_or("");
    finish(origin);
    kernel.facts = reader.optional_string("facts").value_or("");
    finish(reader);
  }

  void read_object(ObjectReader reader, OutcomeObject& object) {
    object.path = reader.string("path");
    object.sha256 = reader.optional_string("sha256").value_or("");
    object.btf = reader.boolean("btf");
    object.btf_ext = reader.boolean("btf_ext");
    object.license = reader.optional_string("license").value_or("");
    object.producer = reader.optional_string("producer").value_or("");
    object.global_data = reader.optional_boolean("global_data");
    object.callbacks = reader.optional_boolean("callbacks");
    finish(reader);
  }

  void read_privileges(ObjectReader& parent, Outcome& outcome) {
    const Json* json = parent.object("privileges");
    if (json == nullptr) return;
    ObjectReader reader(*json, parent.where("privileges"));
    outcome.privileges.memlock_bytes = number(reader, "memlock_bytes");
    outcome.privileges.capabilities = reader.optional_strings("capabilities");
    outcome.privileges.lockdown = reader.optional_string("lockdown").value_or("");
    outcome.memlock_counted = reader.optional_boolean("memlock_counted");
    finish(reader);
  }

  void read_source(ObjectReader& parent, std::optional<SourceLine>& source) {
    const Json* json = parent.object("source");
    if (json == nullptr) return;
    ObjectReader reader(*json, parent.where("source"));
    source =
        SourceLine{static_cast<std::uint32_t>(reader.integer("instruction")), reader.string("file"),
                   static_cast<std::uint32_t>(reader.integer("line")), reader.string("text")};
    finish(reader);
  }

  void read_relocation(ObjectReader reader, RelocationOutcome& relocation) {
    read_stage(reader, relocation.stage, kApplied);
    relocation.applied = count(reader, "applied");
    relocation.skipped = count(reader, "skipped");
    relocation.poisoned = count(reader, "poisoned");
    finish(reader);
  }

  void read_command(ObjectReader& parent, std::optional<CommandOutcome>& command) {
    const Json* json = parent.object("command");
    if (json == nullptr) return;
    ObjectReader reader(*json, parent.where("command"));
    command =
        CommandOutcome{reader.string("path"), count(reader, "exit_code"), count(reader, "signal"),
                       count(reader, "told_by"), static_cast<int>(reader.integer("probes"))};
    finish(reader);
  }

  void read_maps(ObjectReader& parent, Outcome& outcome) {
    const Json* list = parent.array("maps");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      ObjectReader reader((*list)[i], fmt::format("{}[{}]", parent.where("maps"), i));
      MapOutcome map{reader.string("name"), reader.string("type")};
      read_stage(reader, map.stage, kCreated);
      map.attributes_known = reader.optional_boolean("attributes_known");
      finish(reader);
      outcome.maps.push_back(std::move(map));
    }
  }

  void read_programs(ObjectReader& parent, Outcome& outcome) {
    const Json* list = parent.array("programs");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      ObjectReader reader((*list)[i], fmt::format("{}[{}]", parent.where("programs"), i));
      ProgramOutcome program;
      program.name = reader.string("name");
      program.section = reader.string("section");
      program.type = reader.string("type");
      read_relocations(reader, program);
      read_load(inner(reader, "load"), program.load);
      read_attach(inner(reader, "attach"), program.attach);
      read_run(inner(reader, "run"), program.run);
      finish(reader);
      outcome.programs.push_back(std::move(program));
    }
  }

  void read_relocations(ObjectReader& parent, ProgramOutcome& program) {
    const Json* list = parent.array("relocations");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      Result<RelocationRecord> record =
          relocation_from_json((*list)[i], fmt::format("{}[{}]", parent.where("relocations"), i));
      if (record) program.relocations.push_back(*std::move(record));
      if (!record && !error_) error_ = std::move(record).error();
    }
  }

  void read_load(ObjectReader reader, LoadOutcome& load) {
    read_stage(reader, load.stage, kAccepted);
    load.instructions = number(reader, "instructions");
    load.attributes_known = reader.optional_boolean("attributes_known");
    load.type_known = reader.optional_boolean("type_known");
    load.attach_type_known = reader.optional_boolean("attach_type_known");
    read_source(reader, load.source);
    load.log_sha256 = reader.optional_string("log").value_or("");
    load.log_truncated = reader.boolean("log_truncated");
    load.log_tail = reader.optional_string("log_tail").value_or("");
    ObjectReader stats = inner(reader, "stats");
    load.stats = {number(stats, "insns"),
                  number(stats, "states_total"),
                  number(stats, "states_peak"),
                  number(stats, "stack_bytes"),
                  number(stats, "verification_usec"),
                  number(stats, "xlated_bytes"),
                  number(stats, "jited_bytes")};
    finish(stats);
    finish(reader);
  }

  void read_attach(ObjectReader reader, AttachOutcome& attach) {
    read_stage(reader, attach.stage, kAttached);
    attach.method = reader.optional_string("method").value_or("");
    attach.asked = reader.optional_string("asked").value_or("");
    attach.taken = reader.optional_string("taken").value_or("");
    read_candidates(reader, attach.candidates);
    finish(reader);
  }

  void read_candidates(ObjectReader& parent, std::vector<AttachCandidate>& candidates) {
    // Not there in lines written before kernels were probed.
    const Json* list = parent.any("candidates");
    if (list != nullptr && !list->is_array()) parent.fail("candidates", "wanted an array");
    for (std::size_t i = 0; list != nullptr && !parent.failed() && i < list->size(); ++i) {
      ObjectReader reader((*list)[i], fmt::format("{}[{}]", parent.where("candidates"), i));
      candidates.push_back(
          {reader.string("symbol"), reader.optional_boolean("in_kallsyms"),
           reader.optional_boolean("traceable"), reader.optional_boolean("blacklisted"),
           reader.optional_boolean("in_btf"), reader.optional_boolean("is_event")});
      finish(reader);
    }
  }

  template <typename Word, std::size_t n>
  static Word read_word(ObjectReader& reader, std::string_view key,
                        const std::array<Word, n>& words) {
    const std::string text = reader.string(key);
    for (const Word candidate : words) {
      if (word(candidate) == text) return candidate;
    }
    reader.fail(key, fmt::format("unknown word '{}'", text));
    return words.front();
  }

  void read_run(ObjectReader reader, RunOutcome& run) {
    run.trigger = reader.optional_string("trigger").value_or("");
    run.hits = number(reader, "hits");
    run.run_cnt = number(reader, "run_cnt");
    run.run_time_ns = number(reader, "run_time_ns");
    run.arguments = read_word(reader, "arguments", kArgumentsSeen);
    run.displaced = reader.optional_boolean("displaced").value_or(false);
    finish(reader);
  }

  void read_trigger(ObjectReader reader, TriggerOutcome& trigger) {
    trigger.kind = reader.optional_string("kind").value_or("");
    trigger.problem = reader.optional_string("problem").value_or("");
    const Json* list = reader.array("performed");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      ObjectReader one((*list)[i], fmt::format("{}[{}]", reader.where("performed"), i));
      trigger.performed.push_back({one.string("name"), one.integer("ret")});
      finish(one);
    }
    finish(reader);
  }

  static std::optional<Scalar> read_scalar(ObjectReader& reader, std::string_view key) {
    const Json* json = reader.any(key);
    if (json == nullptr) return std::nullopt;
    std::optional<Scalar> value = scalar_from_json(*json);
    if (!value) reader.fail(key, "wanted an integer or a text");
    return value;
  }

  void read_observed(ObjectReader& parent, Outcome& outcome) {
    const Json* list = parent.array("observed");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      ObjectReader reader((*list)[i], fmt::format("{}[{}]", parent.where("observed"), i));
      ObservedValue value{reader.string("name")};
      reader.required("value");
      value.value = read_scalar(reader, "value").value_or(Scalar());
      value.truth = read_scalar(reader, "truth");
      value.result = read_word(reader, "result", kObservedResults);
      finish(reader);
      outcome.observed.push_back(std::move(value));
    }
  }

  static std::optional<int> count(ObjectReader& reader, std::string_view key) {
    const auto value = reader.optional_integer(key);
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
  }

  static std::optional<std::uint64_t> number(ObjectReader& reader, std::string_view key) {
    const auto value = reader.optional_integer(key);
    return value ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }

  std::string where_;
  std::optional<Error> error_{};
};

}  // namespace

Result<Outcome> outcome_from_json(const Json& json, const std::string& where) {
  return OutcomeReader(where).read(json);
}

Result<std::vector<Outcome>> read_outcomes(const std::filesystem::path& file) {
  const Result<std::string> text = file.extension() == ".gz" ? read_gzip(file, kMaxOutcomesBytes)
                                                             : read_file(file, kMaxOutcomesBytes);
  if (!text) return text.error();
  std::vector<Outcome> outcomes;
  std::string_view rest = *text;
  for (std::size_t line = 1; rest.find('\n') != std::string_view::npos; ++line) {
    const std::size_t end = rest.find('\n');
    const std::string where = fmt::format("{}:{}", file.string(), line);
    const Result<Json> json = parse_json(rest.substr(0, end), where);
    if (!json) return json.error();
    Result<Outcome> outcome = outcome_from_json(*json, where);
    if (!outcome) return std::move(outcome).error();
    outcomes.push_back(*std::move(outcome));
    rest.remove_prefix(end + 1);
  }
  return outcomes;
}

}  // namespace bpfmatrix
