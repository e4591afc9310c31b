#include "cell/run_cell.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "cell/app_output.h"
#include "cell/loader_record.h"
#include "images/modules.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxGuestFileBytes = kMaxAppBytes;
constexpr std::size_t kMaxLoaderLog = 256 << 10;
constexpr std::size_t kShownHash = 16;
/// For the agent to report that it killed the loader.
constexpr std::chrono::seconds kAgentGrace{10};
/// What the guest says of files on their way fills the channel if nobody listens.
constexpr std::size_t kPutAtOnce = 64;
constexpr std::string_view kObjectInGuest = "/run/bpfmatrix/cell/object.o";
constexpr std::string_view kModulesInGuest = "/run/bpfmatrix/cell/modules/";
constexpr std::string_view kAppsInGuest = "/run/bpfmatrix/cell/apps/";

std::string companion_in_guest(std::size_t place) {
  return fmt::format("/run/bpfmatrix/cell/together/{}.o", place);
}

std::string app_in_guest(const AppFile& app) {
  return app.root ? app.root->program : std::string(kAppsInGuest) + app.app.name;
}

/// The loader's run as it goes: its lines are kept, and `ready` pulls the trigger.
class LoaderRun {
 public:
  LoaderRun(Session& session, const CellInput& input, const GuestUse& use,
            Clock::time_point deadline)
      : session_(session), input_(input), use_(use), deadline_(deadline) {}

  CellRun run() {
    if (const Result<> put = put_files(); !put) {
      run_.attempt.session_error = put.error().message;
    } else {
      follow_loader();
    }
    run_.attempt.session = session_.state();
    run_.attempt.loader_log = valid_text(run_.attempt.loader_log);
    return std::move(run_);
  }

 private:
  Result<> post_file(const std::filesystem::path& file, std::string_view guest_path,
                     int mode = 0644) {
    const Result<std::string> bytes = read_file(file, kMaxGuestFileBytes);
    if (!bytes) return bytes.error();
    return session_.post_file(guest_path, *bytes, mode, deadline_);
  }

  Result<> put_modules() {
    if (input_.modules.empty()) return {};
    std::vector<WantedModule> wanted;
    for (const std::string& name : input_.modules) wanted.push_back({.name = name});
    if (!input_.kernel->modules) return Error{"the kernel has no folder of modules"};
    const Result<ModuleSet> set = collect_modules(*input_.kernel->modules, wanted);
    if (!set) return set.error();
    run_.attempt.modules_missing = set->missing;
    for (const Module& module : set->modules) {
      const std::string path = fmt::format("{}{}.ko", kModulesInGuest, module.name);
      if (const Result<> put = session_.post_file(path, module.bytes, 0644, deadline_); !put)
        return put;
      modules_.push_back(path);
    }
    return {};
  }

  Result<> put_files() {
    if (const Result<> put = put_modules(); !put) return put;
    const KernelBtf* btf = btf_to_embed(*input_.kernel);
    const bool is_there = use_.btf_in_guest && !input_.kernel->given_btf;
    if (embedded() && btf != nullptr && !is_there) {
      if (const Result<> put = post_file(btf->file, btf_in_guest()); !put) return put;
    }
    if (input_.app != nullptr) {
      if (const Result<> put = put_app(*input_.app); !put) return put;
    }
    for (const GuestFile& file : input_.spec->user.files) {
      const Result<> there = post_file(file.path, file.guest_path, 0755);
      if (!there) return there;
    }
    for (std::size_t i = 0; i < input_.together.size(); ++i) {
      const Result<> there = post_file(input_.together[i].second->file, companion_in_guest(i));
      if (!there) return there;
    }
    const auto& trigger = input_.spec->trigger;
    if (trigger && !trigger->command_file.empty()) {
      const Result<> put = post_file(trigger->command_file, trigger->command[0], 0755);
      if (!put) return put;
    }
    if (input_.object->file.empty()) return {};
    return post_file(input_.object->file, kObjectInGuest);
  }

  Result<> put_app(const AppFile& app) {
    Result<> put =
        app.root ? put_all(app.root->files) : post_file(app.file, app_in_guest(app), 0755);
    return put ? put_all(app.needs) : put;
  }

  Result<> put_all(const std::vector<AppNeeds>& files) {
    for (const AppNeeds& one : files) {
      if (const Result<> put = put_one(one); !put) return put;
      if (++put_files_ % kPutAtOnce != 0) continue;
      if (const Result<> stored = session_.take_stored(deadline_); !stored) return stored;
    }
    return {};
  }

  Result<> put_one(const AppNeeds& one) {
    if (!one.folder && one.link.empty())
      return post_file(one.file, one.guest_path, one.executable ? 0755 : 0644);
    const int mode = one.folder ? S_IFDIR | 0755 : S_IFLNK | 0777;
    return session_.post_file(one.guest_path, one.link, mode, deadline_);
  }

  std::string_view btf_in_guest() const {
    return input_.kernel->given_btf ? kGivenBtfInGuest : kBtfInGuest;
  }

  bool embedded() const { return hands_over(input_.cell->btf); }

  /// What is attached has to be triggered before it is worth a record.
  bool hold() const { return input_.spec->attach || input_.spec->trigger.has_value(); }

  RunRequest request() const {
    RunRequest run;
    run.argv = {loader_in_guest(input_.app != nullptr ? kAppLoader : input_.cell->loader)};
    run.deadline_ms = std::chrono::milliseconds(input_.timeout).count();
    run.hide_btf = hides_own(input_.cell->btf);
    run.hold_input = hold();
    run.count_ids = input_.app != nullptr;
    run.last = use_.last_in_guest;
    run.modules = modules_;
    for (const auto& [name, value] : input_.spec->user.sysctl)
      run.sysctl[sysctl_path(name)] = value;
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
    Json json{{"contract", 1},
              {"object", kObjectInGuest},
              {"btf", embedded() ? Json(btf_in_guest()) : Json(nullptr)},
              {"attach", input_.spec->attach},
              {"globals", to_json_tree<Json>(input_.asked->globals)},
              {"hold", hold()}};
    if (!input_.asked->settings.empty()) json["load"] = to_json_tree<Json>(input_.asked->settings);
    for (std::size_t i = 0; i < input_.together.size(); ++i)
      json["together"].push_back(
          {{"name", input_.together[i].first}, {"object", companion_in_guest(i)}});
    if (input_.object->info.relocations.core_total() > 0) json["insns"] = true;
    if (input_.app != nullptr) json["app"] = app_input();
    return json_text(json) + "\n";
  }

  /// How the application is run, and by what its programs and maps are known again.
  Json app_input() const {
    const LoaderApp& app = input_.app->app;
    const std::string btf(embedded() ? btf_in_guest() : "");
    Json argv = Json::array({app_in_guest(*input_.app)});
    for (const std::string& argument : app.arguments) {
      argv.push_back(fill_in(argument, {{"object", std::string(kObjectInGuest)}, {"btf", btf}}));
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
    Json request{{"name", app.name},
                 {"version", "sha256 " + input_.app->sha256.substr(0, kShownHash)},
                 {"argv", std::move(argv)},
                 {"environment", app.environment},
                 {"quiet_ms", app.quiet_ms},
                 {"programs", std::move(programs)},
                 {"maps", std::move(maps)}};
    const std::chrono::milliseconds timeout = input_.timeout;
    if (app.own_object) request[says_when_ready() ? "told_ms" : "longest_ms"] = timeout.count() / 2;
    return request;
  }

  bool says_when_ready() const {
    return input_.app != nullptr && input_.app->app.own_object &&
           !input_.app->app.own_object->ready.empty();
  }

  void follow_loader() {
    const RunEvents events{.on_out_line = [this](std::string_view line) { take_line(line); },
                           .on_err = [this](std::string_view bytes) { take_talk(bytes); }};
    Result<Exited> exited =
        session_.run(request(), loader_input(), events, deadline_ + kAgentGrace);
    if (!exited) {
      run_.attempt.session_error = exited.error().message;
      return;
    }
    const bool reach_out =
        std::any_of(input_.together.begin(), input_.together.end(),
                    [](const auto& other) { return other.second->info.reaches_out; });
    run_.guest_spoiled = !exited->leftovers.empty() || input_.app != nullptr || reach_out ||
                         input_.object->info.reaches_out || !input_.modules.empty() ||
                         !input_.spec->user.files.empty() || !input_.spec->user.sysctl.empty();
    run_.attempt.exited = *std::move(exited);
  }

  void take_line(std::string_view line) {
    if (!std::exchange(begun_, true) && use_.on_begun) use_.on_begun();
    run_.attempt.lines.push_back(valid_text(line));
    if (worthless_ || !run_.attempt.go_error.empty()) return;
    const bool was_ready = reader_.record().ready;
    if (const Result<> added = reader_.add(line); !added) return give_record_up();
    if (reader_.record().ready && !was_ready) pull_trigger();
  }

  /// The loader is asked to continue, so that nothing waits for one whose record is worth nothing.
  void give_record_up() {
    worthless_ = true;
    if (hold()) (void)session_.input("", true, deadline_);
  }

  void pull_trigger() {
    Result<> pulled = input_.spec->attach ? pull_standard_trigger() : Result<>();
    const auto& trigger = input_.spec->trigger;
    if (pulled && trigger && trigger->write) {
      pulled = session_.write(trigger->write->path, trigger->write->text, deadline_);
    }
    if (pulled) pulled = take_inventory();
    if (pulled) pulled = session_.input("go\n", true, deadline_);
    if (pulled) return;
    run_.attempt.go_error = wrap("trigger", pulled.error()).message;
    give_record_up();
  }

  /// That the agent cannot do it is said in the record, which is as good as before in all else.
  Result<> pull_standard_trigger() {
    TriggerRequest request;
    if (input_.spec->trigger) request.command = input_.spec->trigger->command;
    Result<Triggered> triggered = session_.trigger(request, deadline_);
    if (triggered) {
      run_.attempt.triggered = *std::move(triggered);
    } else if (session_.state() == SessionState::ready) {
      run_.attempt.trigger_error = triggered.error().message;
    } else {
      return std::move(triggered).error();
    }
    return {};
  }

  /// Without one, where the agent cannot take it, the record stands alone.
  Result<> take_inventory() {
    Result<Inventory> inventory = session_.inventory(deadline_);
    if (inventory) {
      run_.attempt.inventory = *std::move(inventory);
    } else if (session_.state() != SessionState::ready) {
      return std::move(inventory).error();
    }
    return {};
  }

  void take_talk(std::string_view bytes) {
    std::string& log = run_.attempt.loader_log;
    log.append(bytes.substr(0, kMaxLoaderLog - std::min(kMaxLoaderLog, log.size())));
    if (!says_when_ready() || told_) return;
    told_ = matches_output(log, input_.app->app.own_object->ready);
    // What is wrong with the channel is seen by whoever reads from it.
    if (told_) (void)session_.input("up\n", false, deadline_);
  }

  Session& session_;
  const CellInput& input_;
  const GuestUse& use_;
  Clock::time_point deadline_;
  std::size_t put_files_ = 0;
  bool begun_ = false;
  /// Reads along, to know when the loader waits; what it says is judged in derive().
  LoaderReader reader_{};
  bool worthless_ = false;
  /// Their files in the guest, in the order in which they are loaded.
  std::vector<std::string> modules_{};
  /// The application said that it has come up, and its watcher knows.
  bool told_ = false;
  CellRun run_{};
};

OutcomeKernel identity_of(const Kernel& kernel) {
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

std::optional<EmbeddedBtf> embedded_of(const Cell& cell, const Kernel& kernel) {
  const KernelBtf* btf = btf_to_embed(kernel);
  if (!hands_over(cell.btf) || btf == nullptr) return std::nullopt;
  return EmbeddedBtf{origin_of_embedded(kernel), btf->bytes, btf->sha256, {}, {}};
}

Result<CaseInput> case_input_of(const CaseSpec& spec) {
  CaseInput input;
  input.id = spec.id;
  input.attach = spec.attach;
  input.privileges = spec.privileges;
  for (const GuestFile& file : spec.user.files) {
    Result<std::string> hash = sha256_file(file.path);
    if (!hash) return std::move(hash).error();
    if (!input.files) input.files.emplace();
    input.files->push_back({file.guest_path, *std::move(hash)});
  }
  if (!spec.user.sysctl.empty()) input.sysctl = spec.user.sysctl;
  if (!spec.trigger) return input;
  input.trigger = true;
  input.command = spec.trigger->command;
  if (spec.trigger->write) {
    input.write_path = spec.trigger->write->path;
    input.write_text = spec.trigger->write->text;
  }
  if (spec.trigger->command_file.empty()) return input;
  Result<std::string> hash = sha256_file(spec.trigger->command_file);
  if (!hash) return std::move(hash).error();
  input.command_sha256 = *std::move(hash);
  return input;
}

void ask(const AskedOfLoader& asked, CaseInput& input) {
  input.globals = asked.globals;
  if (!asked.settings.empty()) input.load = asked.settings;
}

}  // namespace

std::string loader_in_guest(std::string_view name) {
  return "/bpfmatrix/loaders/" + std::string(name);
}

Result<TranscriptInputs> inputs_of(const Cell& cell, const CaseSpec& spec, const Kernel* kernel,
                                   const ObjectFile* object) {
  Result<CaseInput> asked = case_input_of(spec);
  if (!asked) return std::move(asked).error();
  TranscriptInputs inputs;
  inputs.cell = cell.id();
  inputs.kernel.id = cell.kernel.id;
  inputs.kernel.arch = to_string(cell.kernel.arch);
  if (kernel != nullptr) {
    inputs.kernel = identity_of(*kernel);
    inputs.image_sha256 = kernel->image_sha256;
    inputs.embedded = embedded_of(cell, *kernel);
  }
  inputs.object = object != nullptr ? ObjectInput{object->shown, object->info.sha256}
                                    : ObjectInput{to_string(spec.object), ""};
  inputs.spec = *std::move(asked);
  inputs.btf_source = to_string(cell.btf);
  inputs.loader = cell.loader;
  return inputs;
}

Result<TranscriptInputs> inputs_of(const CellInput& input, std::string machine,
                                   std::string isolation) {
  if (!input.asked) return input.asked.error();
  Result<TranscriptInputs> inputs = inputs_of(*input.cell, *input.spec, input.kernel, input.object);
  if (!inputs) return inputs;
  ask(*input.asked, inputs->spec);
  if (!input.modules.empty()) inputs->spec.modules = input.modules;
  for (const auto& [name, object] : input.together) {
    if (!inputs->spec.together) inputs->spec.together.emplace();
    inputs->spec.together->push_back({name, object->info.sha256});
  }
  if (input.app != nullptr) {
    inputs->app = AppInput{input.app->app, input.app->sha256, {}};
    if (!input.app->needs.empty() || input.app->root) inputs->app->needs.emplace();
    if (input.app->root) inputs->app->needs->push_back({"/", input.app->root->sha256});
    for (const AppNeeds& needs : input.app->needs)
      inputs->app->needs->push_back({needs.guest_path, needs.sha256});
    inputs->app->app.path = valid_text(inputs->app->app.path);
  }
  inputs->machine = std::move(machine);
  inputs->isolation = std::move(isolation);
  inputs->timeout_s = input.timeout.count();
  return inputs;
}

namespace {

/// What is in them is not compared: a transcript is read without them.
bool has_names(const std::vector<CompanionInput>& recorded,
               const std::vector<std::filesystem::path>& together) {
  return std::equal(recorded.begin(), recorded.end(), together.begin(), together.end(),
                    [](const CompanionInput& companion, const std::filesystem::path& file) {
                      return companion.name == case_for_object(file).id;
                    });
}

}  // namespace

bool asks_for(const CaseSpec& spec, const CaseInput& recorded) {
  Result<CaseInput> now = case_input_of(spec);
  if (!now) return false;
  const UserSpace& user = spec.user;
  const bool is_fixed = user.autoload.empty() && user.attach.empty();
  const Result<AskedOfLoader> asked = asked_of_loader(user, {}, {});
  if (asked && is_fixed) {
    ask(*asked, *now);
  } else {
    now->globals = recorded.globals;
    now->load = recorded.load;
  }
  // Those that nobody named were found by what the kernel lacked then.
  const auto modules = recorded.modules.value_or(std::vector<std::string>());
  const bool has_all = std::all_of(user.modules.begin(), user.modules.end(), [&](const auto& name) {
    return std::find(modules.begin(), modules.end(), name) != modules.end();
  });
  if (has_all) now->modules = recorded.modules;
  if (recorded.together && has_names(*recorded.together, spec.together))
    now->together = recorded.together;
  return same_request(*now, recorded);
}

CellRun run_cell(Session& session, const CellInput& input, const GuestUse& use,
                 const TimeSource& time) {
  return LoaderRun(session, input, use, time.now() + input.timeout).run();
}

}  // namespace bpfmatrix
