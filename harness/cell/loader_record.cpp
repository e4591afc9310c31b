#include "cell/loader_record.h"

#include <fmt/format.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxPrograms = 4096;
constexpr std::size_t kMaxMaps = 4096;
constexpr std::size_t kMaxValues = 1024;
/// The kernel's own limit is 16 MiB before 5.2 (kernel/bpf/verifier.c, bpf_check(), v5.1).
constexpr std::size_t kMaxLogBytes = 17 << 20;

StageOutcome read_stage(ObjectReader& reader) {
  const std::string result = reader.string("result");
  StageResult came_to = StageResult::not_reached;
  if (result == "ok") came_to = StageResult::ok;
  if (result == "failed") came_to = StageResult::failed;
  if (came_to == StageResult::not_reached)
    reader.fail("result", fmt::format("unknown word '{}'", result));
  StageOutcome stage{came_to, reader.optional_string("errno").value_or(""),
                     reader.optional_string("message").value_or("")};
  if (came_to == StageResult::ok && !(stage.errno_name.empty() && stage.message.empty()))
    reader.fail("result", "'ok', with an error beside it");
  return stage;
}

/// A stage is said once: a second word about it contradicts the first.
void take_stage(ObjectReader& reader, StageOutcome stage, StageOutcome& into) {
  if (into.result != StageResult::not_reached) return reader.fail("event", "said before");
  into = std::move(stage);
}

std::optional<int> read_count(ObjectReader& reader, std::string_view key) {
  const auto value = reader.optional_integer(key);
  if (!value) return std::nullopt;
  if (*value < 0 || *value > 1 << 30) reader.fail(key, "out of range");
  return static_cast<int>(*value);
}

std::optional<std::uint64_t> read_number(ObjectReader& reader, std::string_view key) {
  const auto value = reader.optional_integer(key);
  if (!value) return std::nullopt;
  if (*value < 0) reader.fail(key, "negative");
  return static_cast<std::uint64_t>(*value);
}

VerifierStats read_stats(ObjectReader& parent) {
  const Json* json = parent.object("stats");
  if (json == nullptr) return {};
  ObjectReader reader(*json, parent.where("stats"));
  VerifierStats stats{read_number(reader, "insns"),
                      read_number(reader, "states_total"),
                      read_number(reader, "states_peak"),
                      read_number(reader, "stack_bytes"),
                      read_number(reader, "verification_usec"),
                      read_number(reader, "xlated_bytes"),
                      read_number(reader, "jited_bytes")};
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
  return stats;
}

}  // namespace

Result<> LoaderReader::add(std::string_view line) {
  const Result<Json> json = parse_json(line, "loader");
  if (!json) return json.error();
  if (record_.done) return Error{"'loader': an event after 'done'"};
  ObjectReader reader(*json, "loader");
  const std::string event = reader.string("event");
  if (const Result<> added = add_event(event, reader); !added) return added;
  return reader.finish();
}

Result<> LoaderReader::add_event(const std::string& event, ObjectReader& reader) {
  if (event == "loader") {
    record_.loader = reader.string("name");
    record_.version = reader.string("version");
  } else if (event == "kernel_btf") {
    add_kernel_btf(reader);
  } else if (event == "open") {
    take_stage(reader, read_stage(reader), record_.open);
  } else if (event == "program") {
    add_program(reader);
  } else if (event == "relocate") {
    add_relocate(reader);
  } else if (event == "relocation") {
    add_relocation(reader, record_.relocations);
  } else if (event == "insns") {
    if (SaidProgram* owner = program(reader)) add_insns(reader, owner->sent);
  } else if (event == "map") {
    add_map(reader);
  } else if (event == "needs") {
    if (SaidProgram* owner = program(reader)) owner->needs_map = reader.string("map");
  } else if (event == "log") {
    add_log(reader);
  } else if (event == "load") {
    add_load(reader);
  } else if (event == "attach") {
    add_attach(reader);
  } else if (event == "held") {
    add_held(reader);
  } else if (event == "observed") {
    add_observed(reader);
  } else if (event == "ran") {
    add_ran(reader);
  } else if (event == "app") {
    add_app(reader);
  } else if (event == "beside") {
    add_beside(reader);
  } else if (event == "beside_ran") {
    add_beside_ran(reader);
  } else if (event == "displaced") {
    if (SaidProgram* owner = program(reader)) owner->displaced = true;
  } else if (event == "ready") {
    record_.ready = true;
  } else if (event == "done") {
    record_.done = true;
  } else if (!reader.failed()) {
    return Error{fmt::format("'loader': unknown event '{}'", event)};
  }
  return {};
}

SaidProgram* LoaderReader::program(ObjectReader& reader) {
  const std::string name = reader.string("program");
  const auto found = std::find_if(record_.programs.begin(), record_.programs.end(),
                                  [&](const SaidProgram& p) { return p.name == name; });
  if (found != record_.programs.end()) return &*found;
  reader.fail("program", fmt::format("unknown program '{}'", name));
  return nullptr;
}

void LoaderReader::add_kernel_btf(ObjectReader& reader) {
  const std::string parsed = reader.string("parsed");
  if (parsed != "ahead" && parsed != "now")
    reader.fail("parsed", fmt::format("unknown word '{}'", parsed));
  record_.btf_parsed_ahead = parsed == "ahead";
}

void LoaderReader::add_program(ObjectReader& reader) {
  SaidProgram program;
  program.name = reader.string("name");
  program.section = reader.string("section");
  program.type = reader.string("type");
  if (record_.programs.size() >= kMaxPrograms) reader.fail("name", "too many programs");
  record_.programs.push_back(std::move(program));
}

void LoaderReader::add_relocate(ObjectReader& reader) {
  take_stage(reader, read_stage(reader), record_.relocate);
  record_.applied = read_count(reader, "applied");
  record_.skipped = read_count(reader, "skipped");
  record_.poisoned = read_count(reader, "poisoned");
}

void LoaderReader::add_map(ObjectReader& reader) {
  SaidMap map{reader.string("name"), reader.string("type"), read_stage(reader),
              reader.optional_boolean("attributes_known"), read_number(reader, "sized")};
  if (record_.maps.size() >= kMaxMaps) reader.fail("name", "too many maps");
  record_.maps.push_back(std::move(map));
}

void LoaderReader::add_log(ObjectReader& reader) {
  SaidProgram* owner = program(reader);
  const std::string text = reader.string("text");
  if (owner == nullptr) return;
  if (owner->log.size() + text.size() > kMaxLogBytes) return reader.fail("text", "log too long");
  owner->log += text;
}

void LoaderReader::add_load(ObjectReader& reader) {
  SaidProgram* owner = program(reader);
  SaidProgram said;
  said.load = read_stage(reader);
  said.stats = read_stats(reader);
  reader.optional_integer("log_bytes");
  said.instructions = read_number(reader, "instructions");
  said.attributes_known = reader.optional_boolean("attributes_known");
  said.type_known = reader.optional_boolean("type_known");
  said.attach_type_known = reader.optional_boolean("attach_type_known");
  said.log_truncated = reader.optional_boolean("log_truncated").value_or(false);
  if (owner == nullptr) return;
  take_stage(reader, std::move(said.load), owner->load);
  owner->stats = said.stats;
  owner->instructions = said.instructions;
  owner->attributes_known = said.attributes_known;
  owner->type_known = said.type_known;
  owner->attach_type_known = said.attach_type_known;
  owner->log_truncated = said.log_truncated;
}

void LoaderReader::add_attach(ObjectReader& reader) {
  SaidProgram* owner = program(reader);
  StageOutcome stage = read_stage(reader);
  std::string method = reader.optional_string("method").value_or("");
  std::string requested = reader.optional_string("requested").value_or("");
  std::string actual = reader.optional_string("actual").value_or("");
  if (owner == nullptr) return;
  if (owner->load.result != StageResult::ok)
    return reader.fail("program", fmt::format("'{}' was not loaded", owner->name));
  take_stage(reader, std::move(stage), owner->attach);
  owner->method = std::move(method);
  owner->requested = std::move(requested);
  owner->actual = std::move(actual);
}

void LoaderReader::add_held(ObjectReader& reader) {
  SaidProgram* owner = program(reader);
  const std::optional<std::uint64_t> id = read_number(reader, "id");
  if (!id || *id == 0 || *id > UINT32_MAX) return reader.fail("id", "no id of a program");
  if (owner == nullptr) return;
  if (owner->load.result != StageResult::ok)
    return reader.fail("program", fmt::format("'{}' was not loaded", owner->name));
  if (owner->id) return reader.fail("event", "said before");
  owner->id = static_cast<std::uint32_t>(*id);
}

void LoaderReader::add_observed(ObjectReader& reader) {
  if (reader.string("map") != "observed") reader.fail("map", "only 'observed' is known");
  const Json* values = reader.object("values");
  if (values == nullptr) return reader.fail("values", "missing");
  if (values->size() > kMaxValues) return reader.fail("values", "too many");
  record_.observed.clear();
  for (const auto& [name, json] : values->items()) {
    const std::optional<Scalar> value = scalar_from_json(json);
    if (!value) return reader.fail("values", fmt::format("'{}': no number and no text", name));
    record_.observed.push_back({name, *value});
  }
}

void LoaderReader::add_ran(ObjectReader& reader) {
  SaidProgram* owner = program(reader);
  const auto count = read_number(reader, "run_cnt");
  const auto time = read_number(reader, "run_time_ns");
  if (owner == nullptr) return;
  owner->run_cnt = count;
  owner->run_time_ns = time;
}

void LoaderReader::add_beside(ObjectReader& reader) {
  CompanionOutcome said{reader.string("object"), reader.string("program"),   read_stage(reader),
                        reader.string("method"), reader.string("requested"), {}};
  if (record_.beside.size() >= kMaxPrograms) reader.fail("program", "too many programs");
  record_.beside.push_back(std::move(said));
}

void LoaderReader::add_beside_ran(ObjectReader& reader) {
  const std::string object = reader.string("object");
  const std::string program = reader.string("program");
  const auto count = read_number(reader, "run_cnt");
  const auto found = std::find_if(
      record_.beside.begin(), record_.beside.end(), [&](const CompanionOutcome& companion) {
        return companion.object == object && companion.program == program;
      });
  if (found == record_.beside.end())
    return reader.fail("program", fmt::format("unknown program '{}' of '{}'", program, object));
  found->run_cnt = count;
}

void LoaderReader::add_app(ObjectReader& reader) {
  const SaidAppEnd app{read_count(reader, "exit_code"), read_count(reader, "signal"),
                       read_count(reader, "stop_signal"), read_count(reader, "probes").value_or(0),
                       reader.optional_boolean("never_quiet").value_or(false)};
  if (app.exit_code.has_value() == app.signal.has_value()) {
    reader.fail("exit_code", "wanted it or 'signal'");
  }
  record_.app = app;
}

}  // namespace bpfmatrix
