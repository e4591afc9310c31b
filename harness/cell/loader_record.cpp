#include "cell/loader_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "outcome/verifier_log.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxPrograms = 4096;
constexpr std::size_t kMaxMaps = 4096;
constexpr std::size_t kMaxValues = 1024;
constexpr std::size_t kMaxLogBytes = 17 << 20;  // the kernel's own limit is 16 MiB before 5.2
constexpr int kTailLines = 24;
constexpr std::size_t kTailBytes = 8 << 10;
constexpr std::size_t kReportBytes = 4 << 10;

StageOutcome read_stage(ObjectReader& reader) {
  StageOutcome stage;
  const std::string result = reader.string("result");
  if (result == "ok") stage.result = StageResult::ok;
  if (result == "failed") stage.result = StageResult::refused;
  if (result != "ok" && result != "failed")
    reader.fail("result", fmt::format("unknown word '{}'", result));
  stage.errno_name = reader.optional_string("errno").value_or("");
  stage.message = reader.optional_string("message").value_or("");
  return stage;
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

namespace {

std::string_view last_lines_of(std::string_view text, int lines) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::size_t start = text.size();
  for (int i = 0; i < lines && start != std::string_view::npos && start > 0; ++i) {
    start = text.rfind('\n', start - 1);
  }
  if (start != std::string_view::npos && start > 0) text.remove_prefix(start + 1);
  if (text.size() > kTailBytes) text.remove_prefix(text.size() - kTailBytes);
  // A cut must not begin inside a character: JSON is UTF-8.
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xc0) == 0x80)
    text.remove_prefix(1);
  return text;
}

/// The report's first lines say what it is about; the statistics behind it are in the record.
std::string_view first_lines_of(std::string_view report) {
  if (report.size() > kReportBytes) report = report.substr(0, report.rfind('\n', kReportBytes));
  while (!report.empty() && report.back() == '\n') report.remove_suffix(1);
  return report;
}

}  // namespace

std::string log_tail(std::string_view text, int lines) {
  const std::size_t report = find_report(text);
  if (report == std::string_view::npos) return std::string(last_lines_of(text, lines));
  return fmt::format("{}\n\n{}", last_lines_of(text.substr(0, report), lines),
                     first_lines_of(text.substr(report)));
}

Result<> LoaderRecord::add(std::string_view line) {
  const Result<Json> json = parse_json(line, "loader");
  if (!json) return json.error();
  if (done_) return Error{"'loader': spoke after 'done'"};
  ObjectReader reader(*json, "loader");
  const std::string event = reader.string("event");
  if (const Result<> added = add_event(event, reader); !added) return added;
  return reader.finish();
}

Result<> LoaderRecord::add_event(const std::string& event, ObjectReader& reader) {
  if (event == "loader") {
    parts_.loader = reader.string("name");
    parts_.loader_version = reader.string("version");
  } else if (event == "kernel_btf") {
    const std::string parsed = reader.string("parsed");
    if (parsed != "ahead" && parsed != "now")
      reader.fail("parsed", fmt::format("unknown word '{}'", parsed));
    btf_parsed_ahead_ = parsed == "ahead";
  } else if (event == "open") {
    parts_.open = read_stage(reader);
  } else if (event == "program") {
    add_program(reader);
  } else if (event == "relocate") {
    add_relocation(reader);
  } else if (event == "relocation") {
    bpfmatrix::add_relocation(reader, evidence_);
  } else if (event == "insns") {
    const ProgramOutcome* owner = program(reader);
    if (owner != nullptr) add_insns(reader, evidence_.sent[owner->name]);
  } else if (event == "map") {
    add_map(reader);
  } else if (event == "log") {
    add_log(reader);
  } else if (event == "load") {
    add_load(reader);
  } else if (event == "attach") {
    add_attach(reader);
  } else if (event == "observed") {
    add_observed(reader);
  } else if (event == "ran") {
    add_ran(reader);
  } else if (event == "app") {
    add_command(reader);
  } else if (event == "displaced") {
    if (ProgramOutcome* owner = program(reader)) owner->run.displaced = true;
  } else if (event == "ready") {
    ready_ = true;
  } else if (event == "done") {
    done_ = true;
  } else if (!reader.failed()) {
    return Error{fmt::format("'loader': unknown event '{}'", event)};
  }
  return {};
}

ProgramOutcome* LoaderRecord::program(ObjectReader& reader) {
  const std::string name = reader.string("program");
  const auto found = std::find_if(parts_.programs.begin(), parts_.programs.end(),
                                  [&](const ProgramOutcome& p) { return p.name == name; });
  if (found != parts_.programs.end()) return &*found;
  reader.fail("program", fmt::format("unknown program '{}'", name));
  return nullptr;
}

void LoaderRecord::add_program(ObjectReader& reader) {
  ProgramOutcome program;
  program.name = reader.string("name");
  program.section = reader.string("section");
  program.type = reader.string("type");
  if (parts_.programs.size() >= kMaxPrograms) reader.fail("name", "too many programs");
  parts_.programs.push_back(std::move(program));
}

void LoaderRecord::add_relocation(ObjectReader& reader) {
  parts_.relocation.stage = read_stage(reader);
  parts_.relocation.applied = read_count(reader, "applied");
  parts_.relocation.skipped = read_count(reader, "skipped");
  parts_.relocation.poisoned = read_count(reader, "poisoned");
}

void LoaderRecord::add_map(ObjectReader& reader) {
  MapOutcome map;
  map.name = reader.string("name");
  map.type = reader.string("type");
  map.stage = read_stage(reader);
  map.attributes_known = reader.optional_boolean("attributes_known");
  if (parts_.maps.size() >= kMaxMaps) reader.fail("name", "too many maps");
  parts_.maps.push_back(std::move(map));
}

void LoaderRecord::add_log(ObjectReader& reader) {
  const ProgramOutcome* owner = program(reader);
  const std::string text = reader.string("text");
  if (owner == nullptr) return;
  std::string& log = logs_[owner->name];
  if (log.size() + text.size() > kMaxLogBytes) return reader.fail("text", "log too long");
  log += text;
}

void LoaderRecord::add_load(ObjectReader& reader) {
  ProgramOutcome* owner = program(reader);
  StageOutcome stage = read_stage(reader);
  VerifierStats stats = read_stats(reader);
  reader.optional_integer("log_bytes");
  const auto instructions = read_number(reader, "instructions");
  const auto attributes_known = reader.optional_boolean("attributes_known");
  const auto type_known = reader.optional_boolean("type_known");
  const auto attach_type_known = reader.optional_boolean("attach_type_known");
  const bool truncated = reader.optional_boolean("log_truncated").value_or(false);
  if (owner == nullptr) return;
  owner->load.stage = std::move(stage);
  owner->load.stats = stats;
  owner->load.log_truncated = truncated;
  owner->load.instructions = instructions;
  owner->load.attributes_known = attributes_known;
  owner->load.type_known = type_known;
  owner->load.attach_type_known = attach_type_known;
  const auto log = logs_.find(owner->name);
  if (log != logs_.end()) owner->load.log_tail = log_tail(log->second, kTailLines);
}

void LoaderRecord::add_attach(ObjectReader& reader) {
  ProgramOutcome* owner = program(reader);
  StageOutcome stage = read_stage(reader);
  std::string method = reader.optional_string("method").value_or("");
  std::string asked = reader.optional_string("requested").value_or("");
  std::string taken = reader.optional_string("actual").value_or("");
  if (owner == nullptr) return;
  owner->attach =
      AttachOutcome{std::move(stage), std::move(method), std::move(asked), std::move(taken), {}};
}

void LoaderRecord::add_observed(ObjectReader& reader) {
  if (reader.string("map") != "observed") reader.fail("map", "only 'observed' is known");
  const Json* values = reader.object("values");
  if (values == nullptr) return reader.fail("values", "missing");
  if (values->size() > kMaxValues) return reader.fail("values", "too many");
  parts_.observed.clear();
  for (const auto& [name, json] : values->items()) {
    const std::optional<Scalar> value = scalar_from_json(json);
    if (!value) return reader.fail("values", fmt::format("'{}': no number and no text", name));
    parts_.observed.push_back({name, *value});
  }
}

void LoaderRecord::add_ran(ObjectReader& reader) {
  ProgramOutcome* owner = program(reader);
  const auto count = read_number(reader, "run_cnt");
  const auto time = read_number(reader, "run_time_ns");
  if (owner == nullptr) return;
  owner->run.run_cnt = count;
  owner->run.run_time_ns = time;
}

void LoaderRecord::add_command(ObjectReader& reader) {
  CommandOutcome command{"", read_count(reader, "exit_code"), read_count(reader, "signal"),
                         read_count(reader, "stop_signal"),
                         read_count(reader, "probes").value_or(0)};
  if (command.exit_code.has_value() == command.signal.has_value()) {
    reader.fail("exit_code", "wanted it or 'signal'");
  }
  parts_.command = command;
}

void LoaderRecord::move_into(Outcome& outcome) {
  if (!parts_.loader.empty()) outcome.loader_version = parts_.loader_version;
  outcome.command = parts_.command;
  outcome.open = std::move(parts_.open);
  outcome.relocation = std::move(parts_.relocation);
  outcome.maps = std::move(parts_.maps);
  outcome.programs = std::move(parts_.programs);
  outcome.observed = std::move(parts_.observed);
}

}  // namespace bpfmatrix
