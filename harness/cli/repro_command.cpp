#include "cli/repro_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "base/temp_dir.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/output_file.h"
#include "cli/repro_new.h"
#include "cli/run_progress.h"
#include "cli/talk.h"
#include "report/counted.h"
#include "repro/bisect.h"
#include "repro/pack.h"
#include "repro/replay.h"
#include "run/machines/machines.h"
#include "run/objects/kernel_finder.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

struct PackArguments {
  std::string run{};
  std::string cell{};
  std::string output{};
  bool with_kernel = false;
};

struct ReplayArguments {
  std::string file{};
  std::string kernel{};
  std::string kernels{};
  std::string out{};
  std::string mirror{};
  bool allow_older = false;
  bool json = false;
};

int code_of(Reproduced result) {
  switch (result) {
    case Reproduced::reproduced:
      return as_expected;
    case Reproduced::different:
      return unexpected;
    case Reproduced::unavailable:
      break;
  }
  return unknown;
}

/// The kernels of this machine, as `run` has them.
Result<RunSettings> settings_here(const std::string& mirror, bool allow_older) {
  Result<RunSettings> settings = default_settings(mirror);
  if (!settings) return settings;
  settings->fetch.allow_older = allow_older;
  settings->fetch.notice = [](std::string_view line) { say(line); };
  return settings;
}

// repro pack

std::string file_for(const PackArguments& arguments, const Manifest& manifest) {
  if (!arguments.output.empty()) return arguments.output;
  std::string name = manifest.cell + ".bpfrepro";
  std::replace(name.begin(), name.end(), '/', '@');
  return name;
}

void print_pack(const std::string& file, const Pack& pack) {
  const Manifest& manifest = pack.manifest;
  const auto line = [](const char* what, const std::string& text) {
    print("  {:<8}{}\n", what, text);
  };
  print("{}: {} bytes, {} files\n", file, pack.bytes.size(), manifest.members.size() + 1);
  line("cell", manifest.cell);
  line("object", manifest.object);
  if (manifest.app) line("loader", manifest.app->path);
  if (manifest.has(kBtfMember)) line("BTF", "the file that was embedded");
  const bool brought = manifest.has(kKernelRecordMember);
  line("kernel", manifest.kernel.release +
                     (brought ? ", in the pack" : ", not in the pack: " + manifest.kernel.get));
}

int pack(const PackArguments& arguments) {
  const Result<RunSettings> settings = settings_here("", false);
  if (!settings) return end_with(settings.error(), wrong_command);
  Result<Catalog> catalog = known_kernels();
  if (!catalog) return end_with(catalog.error(), wrong_command);
  const StoreLock in_use = settings->fetch.store.use();
  KernelFinder kernels(*std::move(catalog), *settings);
  const PackRequest request{
      arguments.run, arguments.cell,
      arguments.with_kernel ? PackedKernel::always : PackedKernel::if_it_is_nowhere_else,
      BPFMATRIX_VERSION};
  const Result<Pack> made = make_pack(request, kernels, *settings);
  if (!made) return end_with(made.error(), wrong_command);
  const std::string file = file_for(arguments, made->manifest);
  if (const Result<> written = write_output(file, made->bytes); !written) {
    return end_with(written.error(), unknown);
  }
  print_pack(file, *made);
  return as_expected;
}

// repro run, repro bisect

/// A pack on the desk: unpacked, with the kernels that it can be tried on.
class Desk {
 public:
  /// Error, for which the exit code is 2: no pack, or no settings.
  static Result<std::unique_ptr<Desk>> open(const ReplayArguments& arguments) {
    Result<RunSettings> settings = settings_here(arguments.mirror, arguments.allow_older);
    if (!settings) return std::move(settings).error();
    Result<Catalog> catalog = known_kernels();
    if (!catalog) return std::move(catalog).error();
    const Store& store = settings->fetch.store;
    if (Result<> ready = store.prepare(); !ready) return std::move(ready).error();
    Result<TempDir> folder = store.temporary();
    if (!folder) return std::move(folder).error();
    const fs::path parts = folder->path() / "pack";
    std::error_code error;
    fs::create_directory(parts, error);
    if (error) return file_error(parts, error);
    Result<OpenedPack> pack = open_pack(arguments.file, parts);
    if (!pack) return std::move(pack).error();
    return std::unique_ptr<Desk>(
        new Desk(*std::move(settings), *std::move(catalog), *std::move(folder), *std::move(pack)));
  }

  const OpenedPack& pack() const { return pack_; }
  const KernelFinder& kernels() const { return kernels_; }

  /// A path becomes an id. Error: it is no kernel, or no kernel is called so.
  Result<std::string> known_id(const std::string& kernel) {
    if (kernel.empty()) return pack_.manifest.kernel.id;
    if (kernel.find('/') != std::string::npos) return kernels_.add_local(kernel);
    for (const PlanKernel& known : kernels_.known()) {
      if (known.id == kernel) return kernel;
    }
    return Error{fmt::format("unknown kernel '{}'", kernel),
                 "'bpfmatrix kernels list' shows those that are known"};
  }

  /// `run_dir` may be empty: then nothing is left of it. Error: it could not be written down.
  Result<CellAgain> try_on(const std::string& id, const std::string& run_dir) {
    bool brought = false;
    const Result<Kernel> kernel = find(id, brought);
    if (!kernel) {
      CellAgain none;
      none.replay.why = kernel.error().message;
      return none;
    }
    // What is measured of a stranger's kernel is kept for no other run: its modules count for it,
    // and facts are not known by them.
    RunSettings settings = settings_for(pack_, settings_);
    if (brought) settings.fetch.store = Store(folder_.path() / "store");
    if (Result<> ready = settings.fetch.store.prepare(); !ready) return std::move(ready).error();
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    RunProgress progress(terminal, wants_colour(STDERR_FILENO), terminal_width(STDERR_FILENO),
                         [](const Cell&) { return std::chrono::milliseconds(0); });
    Machines machines(settings);
    const RunWorld world{.guests_of = [&](const Kernel& of, const RunWorld::Notice& notice) {
      return machines.guests_of(of, notice);
    }};
    const fs::path dir =
        run_dir.empty() ? folder_.path() / fmt::format("run-{}", ++runs_) : fs::path(run_dir);
    return run_again(pack_, recorded_kernel(), *kernel, world, settings, dir, progress);
  }

 private:
  Desk(RunSettings settings, Catalog catalog, TempDir folder, OpenedPack pack)
      : settings_(std::move(settings)),
        in_use_(settings_.fetch.store.use()),
        kernels_(std::move(catalog), settings_),
        folder_(std::move(folder)),
        pack_(std::move(pack)) {}

  /// As it was run; nothing: it is not here.
  std::optional<Kernel> recorded_kernel() const {
    bool ignored = false;
    Result<Kernel> here = pack_.kernel ? find(pack_.manifest.kernel.id, ignored)
                                       : kernels_.find_here(pack_.manifest.kernel.id);
    if (!here || here->image_sha256 != pack_.manifest.kernel.image_sha256) return std::nullopt;
    if (pack_.btf) here->given_btf = pack_.btf;
    return *std::move(here);
  }

  /// The one that was recorded from the store, else out of the pack; any other as `run` finds it.
  Result<Kernel> find(const std::string& id, bool& brought) const {
    const PackKernel& recorded = pack_.manifest.kernel;
    if (id == recorded.id && pack_.kernel) {
      Result<Kernel> here = kernels_.find_here(id);
      if (here && here->image_sha256 == recorded.image_sha256) return here;
      brought = true;
      return *pack_.kernel;
    }
    return kernels_.find(id);
  }

  RunSettings settings_;
  StoreLock in_use_;
  KernelFinder kernels_;
  TempDir folder_;
  OpenedPack pack_;
  int runs_ = 0;
};

/// "different: debian-6.1-x86_64/...", then a line for each difference and note.
void print_replay(const Manifest& manifest, const std::string& kernel, const Replay& replay) {
  const std::string on = kernel == manifest.kernel.id ? "" : " on " + kernel;
  print("{}: {}{}{}\n", to_string(replay.result), manifest.cell, on,
        replay.why.empty() ? "" : ": " + replay.why);
  for (const std::string& difference : replay.differences) print("  {}\n", difference);
  for (const std::string& note : replay.notes) print("  note: {}\n", note);
}

void print_json(const Manifest& manifest, const std::string& kernel, const Replay& replay) {
  const OrderedJson json{
      {"cell", manifest.cell},
      {"kernel", kernel},
      {"result", to_string(replay.result)},
      {"differences", replay.differences},
      {"why", replay.why.empty() ? OrderedJson(nullptr) : OrderedJson(replay.why)},
      {"notes", replay.notes}};
  print_text(json_text(json, 1) + "\n");
}

int run_pack(const ReplayArguments& arguments) {
  std::error_code seen_later;
  if (!arguments.out.empty() && fs::exists(fs::path(arguments.out) / "run.json", seen_later)) {
    return end_with(
        Error{fmt::format("'{}': has a run already", arguments.out), "choose another --out"},
        wrong_command);
  }
  const Result<std::unique_ptr<Desk>> desk = Desk::open(arguments);
  if (!desk) return end_with(desk.error(), wrong_command);
  const Result<std::string> kernel = (*desk)->known_id(arguments.kernel);
  if (!kernel) return end_with(kernel.error(), wrong_command);
  const Result<CellAgain> again = (*desk)->try_on(*kernel, arguments.out);
  if (!again) return end_with(again.error(), unknown);
  const auto print_it = arguments.json ? print_json : print_replay;
  print_it((*desk)->pack().manifest, *kernel, again->replay);
  return code_of(again->replay.result);
}

class Bisecting {
 public:
  Bisecting(const ReplayArguments& arguments, Desk& desk) : arguments_(arguments), desk_(desk) {}

  Result<int> run() {
    const Result<std::vector<BisectKernel>> kernels = find_kernels();
    if (!kernels) return kernels.error();
    const BisectKernel recorded = of(desk_.pack().manifest.kernel.id);
    const BisectPlan plan = plan_bisect(*kernels, recorded);
    if (plan.older.empty() && plan.newer.empty()) {
      return Error{
          fmt::format("--kernels '{}': no kernel but the recorded one", arguments_.kernels)};
    }
    print("{}: recorded, not run again\n", plan.recorded);
    const BisectEnd end = bisect(plan, [this](const std::string& id) { return try_on(id); });
    if (failure_) return end_with(*failure_, unknown);
    conclude(plan, end);
    if (end.change) return static_cast<int>(as_expected);
    return static_cast<int>(end.skipped.empty() ? unexpected : unknown);
  }

 private:
  /// By what is here of it, else by its name.
  BisectKernel of(const std::string& id) const {
    const PackKernel& recorded = desk_.pack().manifest.kernel;
    if (id == recorded.id) return {id, parse_kernel_version(recorded.release)};
    const Result<Kernel> here = desk_.kernels().find_here(id);
    return {id, here ? parse_kernel_version(here->release) : version_in_id(id)};
  }

  /// One glob is put in the order of versions; a list has one already.
  Result<std::vector<BisectKernel>> find_kernels() {
    const std::vector<std::string_view> names = split(arguments_.kernels, ',');
    const Arch arch = desk_.pack().manifest.kernel.arch;
    std::vector<BisectKernel> kernels;
    for (const std::string_view name : names) {
      if (name.empty()) {
        return Error{fmt::format("--kernels '{}': an empty name", arguments_.kernels),
                     "wanted globs or ids with ',' between them"};
      }
      std::vector<BisectKernel> matched;
      if (name.find('/') != std::string_view::npos) {
        const Result<std::string> id = desk_.known_id(std::string(name));
        if (!id) return id.error();
        matched.push_back(of(*id));
      }
      for (const PlanKernel& known : desk_.kernels().known()) {
        if (known.arch == arch && glob_match(name, known.id)) add(of(known.id), name, matched);
      }
      if (matched.empty()) {
        return Error{
            fmt::format("--kernels '{}': no kernel for {} is called so", name, to_string(arch)),
            "'bpfmatrix kernels list' shows those that are known"};
      }
      sort_by_version(matched);
      for (BisectKernel& one : matched) {
        const bool is_known = std::any_of(kernels.begin(), kernels.end(),
                                          [&](const auto& other) { return other.id == one.id; });
        if (!is_known) kernels.push_back(std::move(one));
      }
    }
    return kernels;
  }

  /// What is of no known version has no place in their order.
  static void add(BisectKernel kernel, std::string_view name, std::vector<BisectKernel>& matched) {
    if (kernel.version || kernel.id == name) {
      matched.push_back(std::move(kernel));
    } else {
      say(fmt::format("{}: left out: its version is known when it is fetched", kernel.id));
    }
  }

  Replay try_on(const std::string& id) {
    if (failure_) return {};
    Result<CellAgain> again = desk_.try_on(id, "");
    if (!again) {
      failure_ = again.error();
      return {};
    }
    Replay& replay = again->replay;
    const char* skipped = replay.result == Reproduced::unavailable ? ", skipped" : "";
    const std::string& why = replay.differences.empty() ? replay.why : replay.differences.front();
    print("{}: {}{}{}\n", id, to_string(replay.result), skipped, why.empty() ? "" : ": " + why);
    return std::move(replay);
  }

  static std::string in_words(const std::vector<std::string>& ids) {
    std::string text;
    for (const std::string& id : ids) text += (text.empty() ? "" : ", ") + id;
    return text;
  }

  void conclude(const BisectPlan& plan, const BisectEnd& end) const {
    const std::string count = counted(static_cast<std::size_t>(end.tried), "cell") + " run";
    if (!end.change) {
      const std::size_t kernels = plan.older.size() + plan.newer.size() - end.skipped.size();
      if (kernels == 0) {
        print("none of the kernels could be tried\n");
      } else {
        print("none behaves differently of {} ({})\n", counted(kernels, "kernel"), count);
      }
    } else if (end.older_as_recorded) {
      print("{} is the first that behaves differently, {} still behaves as recorded ({}): {}\n",
            end.change->second, end.change->first, count, first_of(end.differences));
    } else {
      print("{} is the first that behaves as recorded, {} still behaves differently ({}): {}\n",
            end.change->second, end.change->first, count, first_of(end.differences));
    }
    if (end.skipped.empty()) return;
    print("could not be tried{}: {}\n", end.change ? ", and lie between the two" : "",
          in_words(end.skipped));
  }

  static std::string first_of(const std::vector<std::string>& differences) {
    return differences.empty() ? "" : differences.front();
  }

  const ReplayArguments& arguments_;
  Desk& desk_;
  std::optional<Error> failure_{};
};

int bisect_pack(const ReplayArguments& arguments) {
  const Result<std::unique_ptr<Desk>> desk = Desk::open(arguments);
  if (!desk) return end_with(desk.error(), wrong_command);
  const Result<int> code = Bisecting(arguments, **desk).run();
  return code ? *code : end_with(code.error(), wrong_command);
}

// The command line.

void add_pack(CLI::App& repro, int& exit_code) {
  const auto arguments = std::make_shared<PackArguments>();
  CLI::App* command = repro.add_subcommand(
      "pack", "Put one cell of a run, with all that it takes to run it again, into one file");
  command->add_option("run", arguments->run, "Directory of a run")->required();
  command->add_option("cell", arguments->cell, "Cell id, or a glob that one of them matches")
      ->required();
  command->add_option("-o,--output", arguments->output, "The file; default: CELL.bpfrepro")
      ->type_name("FILE");
  command->add_flag("--with-kernel", arguments->with_kernel,
                    "Also the kernel; one that was added or given by path always is");
  command->callback([arguments, &exit_code] { exit_code = pack(*arguments); });
}

void add_common(CLI::App& command, ReplayArguments& arguments) {
  command.add_option("file", arguments.file, "A file that 'repro pack' made")->required();
  command.add_option("--mirror", arguments.mirror, "Debian mirror; default: the one apt uses")
      ->type_name("URL");
  command.add_flag("--allow-older", arguments.allow_older, kAllowOlderHelp);
}

void add_run(CLI::App& repro, int& exit_code) {
  const auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = repro.add_subcommand(
      "run", "Run the cell of a pack here, and say whether it behaves as recorded");
  add_common(*command, *arguments);
  command
      ->add_option("--kernel", arguments->kernel,
                   "Another kernel than the recorded one: its id, or a path to a vmlinuz")
      ->type_name("ID")
      ->check(not_empty());
  command->add_option("--out", arguments->out, "Keep the run in this directory")->type_name("DIR");
  command->add_flag("--json", arguments->json, "The result as JSON on standard output");
  command->footer("Exit codes: 0 reproduced, 1 different, 2 no pack, 3 unavailable.");
  command->callback([arguments, &exit_code] { exit_code = run_pack(*arguments); });
}

void add_bisect(CLI::App& repro, int& exit_code) {
  const auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = repro.add_subcommand(
      "bisect", "Find the first kernel on which the cell of a pack behaves differently");
  add_common(*command, *arguments);
  command
      ->add_option(
          "--kernels", arguments->kernels,
          "A glob over kernel ids, in the order of versions, or a list of ids and paths in "
          "its own order")
      ->type_name("GLOB[,GLOB...]")
      ->required();
  command->footer("Exit codes: 0 found, 1 none behaves differently, 2 no pack, 3 could not tell.");
  command->callback([arguments, &exit_code] { exit_code = bisect_pack(*arguments); });
}

}  // namespace

void add_repro_command(CLI::App& app, int& exit_code) {
  CLI::App* repro =
      app.add_subcommand("repro", "Carry the failure of one cell to another machine, in one file");
  repro->require_subcommand(1);
  add_pack(*repro, exit_code);
  add_run(*repro, exit_code);
  add_bisect(*repro, exit_code);
  add_repro_new(*repro, exit_code);
}

}  // namespace bpfmatrix
