#include "cell/run_cell.h"

#include <fmt/format.h>

#include <utility>

#include "base/child_process.h"
#include "base/file.h"
#include "cell/loader_record.h"
#include "cell/observation.h"
#include "cell/refusal_source.h"
#include "cell/relocation_record.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxGuestFileBytes = 64 << 20;
constexpr std::size_t kMaxLoaderLog = 256 << 10;
constexpr std::size_t kShownHash = 16;
constexpr std::chrono::seconds kAgentGrace{
    10};  // for the agent to report that it killed the loader
constexpr std::string_view kObjectInGuest = "/run/bpfmatrix/cell/object.o";
constexpr std::string_view kCommandsInGuest = "/run/bpfmatrix/cell/commands/";

/// The loader's run as it goes: its lines become the record, `ready` pulls the trigger.
class LoaderRun {
 public:
  LoaderRun(Session& session, const CellInput& input, Clock::time_point deadline)
      : session_(session), input_(input), deadline_(deadline) {}

  CellResult run() {
    result_.outcome = outcome_before_run(*input_.cell, *input_.spec, input_.kernel, input_.object);
    if (const Result<> put = put_files(); !put) {
      end(End::lost, put.error().message);
    } else {
      follow_loader();
    }
    record_.move_into(result_.outcome);
    name_command();
    locate_refusals(*input_.object, result_.outcome);
    judge_run(triggered_ ? &*triggered_ : nullptr, input_.spec->truth, result_.outcome);
    result_.logs = record_.logs();
    if (has_relocations()) record_relocations();
    return std::move(result_);
  }

 private:
  void end(End how, std::string why) {
    result_.outcome.end = how;
    result_.outcome.end_reason = std::move(why);
  }

  Result<> post_file(const std::filesystem::path& file, std::string_view guest_path,
                     int mode = 0644) {
    const Result<std::string> bytes = read_file(file, kMaxGuestFileBytes);
    if (!bytes) return bytes.error();
    return session_.post_file(guest_path, *bytes, mode, deadline_);
  }

  Result<> put_files() {
    if (input_.cell->btf == BtfSource::embedded && !input_.btf_in_guest) {
      const KernelBtf* btf = btf_at_hand();
      if (const Result<> put = post_file(btf->file, kBtfInGuest); !put) return put;
    }
    if (input_.command != nullptr) {
      const Result<> put = post_file(input_.command->file, command_in_guest(), 0755);
      if (!put) return put;
    }
    const auto& trigger = input_.spec->trigger;
    if (trigger && !trigger->command_file.empty()) {
      const Result<> put = post_file(trigger->command_file, trigger->command[0], 0755);
      if (!put) return put;
    }
    return post_file(input_.object->file, kObjectInGuest);
  }

  /// What the loader can relocate against; nullptr when there is nothing.
  const KernelBtf* btf_at_hand() const {
    switch (input_.cell->btf) {
      case BtfSource::kernel:
        return input_.kernel->btf ? &*input_.kernel->btf : nullptr;
      case BtfSource::embedded:
        return btf_to_embed(*input_.kernel);
      case BtfSource::none:
        return nullptr;
    }
    return nullptr;
  }

  void name_command() {
    std::optional<CommandOutcome>& command = result_.outcome.command;
    if (command && input_.command != nullptr) command->path = input_.command->command.path;
  }

  std::string command_in_guest() const {
    return std::string(kCommandsInGuest) + input_.command->command.name;
  }

  /// What is attached has to be triggered before it is worth a record.
  bool hold() const { return input_.spec->attach || input_.spec->trigger.has_value(); }

  RunRequest request() const {
    RunRequest run;
    run.argv = {loader_in_guest(input_.command != nullptr ? kCommandLoader : input_.cell->loader)};
    run.deadline_ms = std::chrono::milliseconds(input_.timeout).count();
    run.hide_btf = input_.cell->btf != BtfSource::kernel;
    run.hold_input = hold();
    run.last = input_.last_in_guest;
    limit(run);
    return run;
  }

  void limit(RunRequest& run) const {
    const Privileges& privileges = input_.spec->privileges;
    if (privileges.memlock_bytes) {
      run.memlock_bytes = static_cast<std::int64_t>(*privileges.memlock_bytes);
    }
    run.limit_capabilities = privileges.capabilities.has_value();
    run.capabilities = privileges.capabilities.value_or(std::vector<std::string>());
    run.lockdown = privileges.lockdown;
  }

  std::string loader_input() const {
    const bool embedded = input_.cell->btf == BtfSource::embedded;
    Json json{{"contract", 1},
              {"object", kObjectInGuest},
              {"btf", embedded ? Json(kBtfInGuest) : Json(nullptr)},
              {"attach", input_.spec->attach},
              {"globals", input_.spec->globals},
              {"hold", hold()}};
    if (has_relocations()) json["insns"] = true;
    if (input_.command != nullptr) json["app"] = command_input(embedded ? kBtfInGuest : "");
    return json.dump() + "\n";
  }

  /// How the command is run, and by what its programs and maps are known again.
  Json command_input(std::string_view btf) const {
    const LoaderCommand& command = input_.command->command;
    Json argv = Json::array({command_in_guest()});
    for (const std::string& argument : command.arguments) {
      argv.push_back(
          fill_in(argument, {{"object", std::string(kObjectInGuest)}, {"btf", std::string(btf)}}));
    }
    Json programs = Json::array();
    for (const ObjectProgram& program : input_.object->info.programs) {
      programs.push_back({{"name", program.name},
                          {"section", program.section},
                          {"type", program.type},
                          {"instructions", program.instructions}});
    }
    Json maps = Json::array();
    for (const ObjectMap& map : input_.object->info.maps) maps.push_back(map.name);
    return {{"name", command.name},
            {"version", "sha256 " + input_.command->sha256.substr(0, kShownHash)},
            {"argv", std::move(argv)},
            {"environment", command.environment},
            {"quiet_ms", command.quiet_ms},
            {"programs", std::move(programs)},
            {"maps", std::move(maps)}};
  }

  bool has_relocations() const { return input_.object->info.relocations.core_total() > 0; }

  /// Of the whole object, held against what the loader did.
  void record_relocations() {
    Outcome& outcome = result_.outcome;
    if (const Result<> recorded = try_record_relocations(); !recorded) {
      result_.notices.push_back(fmt::format("{}: no record of its relocations: {}", outcome.cell,
                                            recorded.error().message));
    }
    for (const ProgramOutcome& program : outcome.programs) {
      for (const RelocationRecord& record : program.relocations) {
        if (record.witness != WitnessResult::disagrees) continue;
        result_.notices.push_back(fmt::format("{}: '{}': relocation {} ({}): {}", outcome.cell,
                                              program.name, record.index, record.local,
                                              record.witness_words));
      }
    }
  }

  Result<> try_record_relocations() {
    Result<std::string> bytes = read_file(input_.object->file, kMaxGuestFileBytes);
    if (!bytes) return std::move(bytes).error();
    const Result<ElfFile> elf = ElfFile::parse(*std::move(bytes));
    if (!elf) return elf.error();
    std::shared_ptr<const Btf> kernel;
    LoaderTypes against;
    if (const KernelBtf* btf = btf_at_hand()) {
      Result<std::shared_ptr<const Btf>> types = input_.types->read(btf->file);
      if (!types) return std::move(types).error();
      kernel = *std::move(types);
      against.kernel = kernel.get();
    }
    if (kernel && input_.cell->btf == BtfSource::kernel && input_.kernel->modules) {
      Result<std::vector<ModuleTypes>> modules =
          input_.types->modules(input_.kernel->btf->file, *input_.kernel->modules);
      if (!modules) return std::move(modules).error();
      against.modules = *std::move(modules);
    }
    return bpfmatrix::record_relocations(*elf, against, record_.evidence(), result_.outcome);
  }

  void follow_loader() {
    const RunEvents events{.on_out_line = [this](std::string_view line) { take_line(line); },
                           .on_err = [this](std::string_view bytes) { take_talk(bytes); }};
    const Result<Exited> exited =
        session_.run(request(), loader_input(), events, deadline_ + kAgentGrace);
    if (!exited) {
      end(end_without_exit(), exited.error().message);
    } else {
      result_.outcome.memlock_counted = exited->memlock_counted;
      result_.outcome.vm.loader_ms = exited->wall_ms;
      judge_exit(*exited);
      result_.guest_spoiled = !exited->leftovers.empty();
    }
  }

  /// An agent that is there and says no could not prepare the kernel as the case wants it.
  End end_without_exit() const {
    if (session_.state() == SessionState::hung) return End::hung;
    const bool ready = session_.state() == SessionState::ready;
    return ready && input_.spec->privileges.limited() ? End::unavailable : End::lost;
  }

  /// A record is complete, or it is worth nothing: there is no half a pass.
  void judge_exit(const Exited& exited) {
    if (!problem_.empty()) return end(End::lost, problem_);
    if (exited.timed_out) {
      return end(End::hung,
                 fmt::format("the loader did not end within {} s", input_.timeout.count()));
    }
    if (exited.dropped_out_bytes > 0) {
      return end(End::lost, fmt::format("{} bytes of the loader's record were lost",
                                        exited.dropped_out_bytes));
    }
    if (!record_.done()) {
      return end(End::lost, fmt::format("the loader ended with {} before its record was complete",
                                        exit_words(exited)));
    }
    end(End::completed, "");
  }

  static std::string exit_words(const Exited& exited) {
    ExitStatus status;
    if (exited.code) status.code = static_cast<int>(*exited.code);
    if (exited.signal) status.signal = static_cast<int>(*exited.signal);
    return to_string(status);
  }

  void take_line(std::string_view line) {
    if (!std::exchange(begun_, true) && input_.on_begun) input_.on_begun();
    if (!problem_.empty()) return;
    const bool was_ready = record_.ready();
    if (const Result<> added = record_.add(line); !added) return refuse_record(added.error());
    if (record_.ready() && !was_ready) pull_trigger();
  }

  /// The loader is told to go on, so that nobody waits for one whose word is worth nothing.
  void refuse_record(const Error& error) {
    problem_ = error.message;
    if (hold()) (void)session_.input("", true, deadline_);
  }

  void pull_trigger() {
    Result<> pulled = input_.spec->attach ? pull_standard_trigger() : Result<>();
    const auto& trigger = input_.spec->trigger;
    if (pulled && trigger && trigger->write) {
      pulled = session_.write(trigger->write->path, trigger->write->text, deadline_);
    }
    if (pulled) pulled = session_.input("go\n", true, deadline_);
    if (!pulled) problem_ = wrap("trigger", pulled.error()).message;
  }

  /// That the agent cannot do it is said in the record, which is as good as before in all else.
  Result<> pull_standard_trigger() {
    TriggerRequest request;
    if (input_.spec->trigger) request.command = input_.spec->trigger->command;
    Result<Triggered> triggered = session_.trigger(request, deadline_);
    if (triggered) {
      triggered_ = *std::move(triggered);
    } else if (session_.state() == SessionState::ready) {
      result_.outcome.trigger.problem = triggered.error().message;
    } else {
      return std::move(triggered).error();
    }
    return {};
  }

  void take_talk(std::string_view bytes) {
    result_.loader_log.append(
        bytes.substr(0, kMaxLoaderLog - std::min(kMaxLoaderLog, result_.loader_log.size())));
  }

  Session& session_;
  const CellInput& input_;
  Clock::time_point deadline_;
  bool begun_ = false;
  LoaderRecord record_{};
  CellResult result_{};
  std::optional<Triggered> triggered_{};
  /// The first thing the loader or the trigger did that makes the record worthless.
  std::string problem_{};
};

OutcomeKernel kernel_facts(const Kernel& kernel) {
  return OutcomeKernel{.id = kernel.id,
                       .release = kernel.release,
                       .arch = std::string(to_string(kernel.arch)),
                       .btf_present = kernel.btf.has_value(),
                       .btf_bytes = kernel.btf ? kernel.btf->bytes : 0,
                       .btf_sha256 = kernel.btf ? kernel.btf->sha256 : "",
                       .origin_kind = kernel.origin.kind,
                       .package = kernel.origin.package,
                       .version = kernel.origin.version,
                       .sha256 = kernel.origin.sha256,
                       .signed_by = kernel.origin.signed_by};
}

EmbeddedOrigin origin_of_embedded(const Kernel& kernel) {
  if (kernel.given_btf) return EmbeddedOrigin::file;
  return kernel.btf ? EmbeddedOrigin::kernel : EmbeddedOrigin::debug_info;
}

std::optional<EmbeddedBtf> embedded_facts(const Cell& cell, const Kernel& kernel) {
  const KernelBtf* btf = btf_to_embed(kernel);
  if (cell.btf != BtfSource::embedded || btf == nullptr) return std::nullopt;
  return EmbeddedBtf{origin_of_embedded(kernel), btf->bytes, btf->sha256, {}, {}};
}

}  // namespace

std::string loader_in_guest(std::string_view name) {
  return "/bpfmatrix/loaders/" + std::string(name);
}

Outcome outcome_before_run(const Cell& cell, const CaseSpec& spec, const Kernel* kernel,
                           const ObjectFile* object) {
  Outcome outcome;
  outcome.cell = cell.id();
  outcome.case_id = cell.case_id;
  outcome.btf_source = to_string(cell.btf);
  outcome.loader = cell.loader;
  outcome.privileges = spec.privileges;
  outcome.kernel.id = cell.kernel.id;
  outcome.kernel.arch = to_string(cell.kernel.arch);
  outcome.object.path = to_string(spec.object);
  if (kernel != nullptr) {
    outcome.kernel = kernel_facts(*kernel);
    outcome.embedded = embedded_facts(cell, *kernel);
  }
  if (object != nullptr) {
    outcome.object = {object->shown,
                      object->info.sha256,
                      object->info.btf,
                      object->info.btf_ext,
                      object->info.license,
                      object->info.producer,
                      object->info.relocations.global_data > 0,
                      object->info.relocations.callbacks > 0};
  }
  return outcome;
}

CellResult run_cell(Session& session, const CellInput& input) {
  return LoaderRun(session, input, Clock::now() + input.timeout).run();
}

}  // namespace bpfmatrix
