#include <fmt/format.h>

#include "base/file.h"
#include "base/gzip.h"
#include "outcome/outcome_json.h"
#include "outcome/outcome_words.h"
#include "outcome/relocation_json.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxOutcomesBytes = 1ULL << 30;

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
    read_embedded(reader, outcome.embedded);
    read_kernel(inner(reader, "kernel"), outcome.kernel);
    read_object(inner(reader, "object"), outcome.object);
    ObjectReader loader = inner(reader, "loader");
    outcome.loader = loader.string("name");
    outcome.loader_version = loader.optional_string("version").value_or("");
    read_command(loader, outcome.command);
    finish(loader);
    read_privileges(reader, outcome);
    read_vm(inner(reader, "vm"), outcome.vm);
    outcome.end = read_end(reader);
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
      if (result != word_of(candidate, ok)) continue;
      stage.result = candidate;
      known = true;
    }
    if (!known) reader.fail("result", fmt::format("unknown word '{}'", result));
    stage.errno_name = reader.optional_string("errno").value_or("");
    stage.message = reader.optional_string("message").value_or("");
  }

  End read_end(ObjectReader& reader) {
    const auto end = parse_end(reader.string("end"));
    if (!end) reader.fail("end", "unknown word");
    return end.value_or(End::lost);
  }

  void read_vm(ObjectReader reader, VmOutcome& vm) {
    vm.accel = reader.optional_string("accel").value_or("");
    vm.cloned = reader.optional_boolean("cloned").value_or(false);
    vm.ready_ms = reader.integer("ready_ms");
    vm.wall_ms = reader.integer("wall_ms");
    vm.loader_ms = reader.optional_integer("loader_ms");
    vm.cold_checked = reader.optional_boolean("cold_checked").value_or(false);
    vm.cached = reader.optional_boolean("cached").value_or(false);
    vm.unsteady = reader.optional_strings("unsteady").value_or(std::vector<std::string>());
    const Json* list = reader.any("attempts");
    if (list != nullptr && !list->is_array()) reader.fail("attempts", "wanted an array");
    for (std::size_t i = 0; list != nullptr && list->is_array() && i < list->size(); ++i) {
      ObjectReader attempt((*list)[i], fmt::format("{}[{}]", reader.where("attempts"), i));
      vm.attempts.push_back({attempt.boolean("cloned"), read_end(attempt),
                             attempt.optional_string("reason").value_or("")});
      finish(attempt);
    }
    finish(reader);
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

  /// Outcomes from before it was written down have none.
  void read_embedded(ObjectReader& parent, std::optional<EmbeddedBtf>& embedded) {
    const Json* json = parent.object("embedded");
    if (json == nullptr) return;
    ObjectReader reader(*json, parent.where("embedded"));
    embedded.emplace();
    embedded->origin = read_word(reader, "origin", kEmbeddedOrigins);
    embedded->bytes = number(reader, "bytes").value_or(0);
    embedded->sha256 = reader.string("sha256");
    embedded->functions = number(reader, "functions");
    embedded->functions_in_kernel = number(reader, "functions_in_kernel");
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
      if (word_of(candidate) == text) return candidate;
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
