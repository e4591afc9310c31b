#include "cli/run_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <sstream>

#include "base/child_process.h"
#include "base/data_dir.h"
#include "base/parallel.h"
#include "cell/app_output.h"
#include "cli/command_line.h"
#include "cli/conclusion.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/request_options.h"
#include "cli/run_progress.h"
#include "cli/talk.h"
#include "cli/update_expectations.h"
#include "matrix/run_spec.h"
#include "outcome/cells.h"
#include "outcome/outcome_fields.h"
#include "run/assemble.h"
#include "run/cache/cell_times.h"
#include "run/machines/guest_vm.h"
#include "run/machines/machines.h"
#include "run/run.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr int kColdCheckOnCi = 50;
constexpr int kMaxJobs = 1024;
constexpr std::int64_t kMaxMemoryMib = std::int64_t{1} << 30;
constexpr std::string_view kRunsFolder = "bpfmatrix-runs";

/// The command line as it is.
struct RunArguments {
  RequestOptions request{};
  std::string out{};
  std::string shard{};
  std::string costs{};
  std::string mirror{};
  bool allow_older = false;
  int jobs = 0;
  std::int64_t memory_mib = 0;
  /// As run.json keeps them, for --resume.
  RunOptions how{};
  std::string resume{};
  bool dry_run = false;
  bool update_expectations = false;
  bool json = false;
  GateOptions gate{};
  HistoryOptions history{};

  RunArguments() {
    how.cell_timeout_s = how.boot_timeout_s = kDefaultTimeoutSeconds;
    how.cold_check = std::getenv("CI") != nullptr ? kColdCheckOnCi : 0;
  }
};

/// 32 hex digits that no other run has.
std::string random_id() {
  std::random_device entropy;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", entropy());
  return id;
}

class RunCommand {
 public:
  explicit RunCommand(const RunArguments& options) : options_(options), gate_(options.gate) {}

  /// Plan, run, report: each stage reads what the one before left behind.
  Result<int> run() {
    if (const Result<> ready = prepare_settings(); !ready) return ready.error();
    if (const Result<> ready = check_history(options_.history); !ready) return ready.error();
    Result<Features> features = installed_features();
    if (!features) return std::move(features).error();
    features_ = *std::move(features);
    const Result<fs::path> catalog_file = find_data("kernels/catalog.json");
    if (!catalog_file) return catalog_file.error();
    Result<Catalog> catalog = load_catalog(*catalog_file);
    if (!catalog) return std::move(catalog).error();
    const StoreLock in_use = settings_.fetch.store.use();
    KernelFinder kernels(*std::move(catalog), settings_);
    Result<RunSpec> spec = make_spec();
    if (!spec) return std::move(spec).error();
    if (gate_.baseline.empty()) gate_.baseline = spec->matrix.baseline;
    if (const Result<> ready = check_gate(gate_); !ready) return ready.error();
    const Result<PlanPart> part = plan_part();
    if (!part) return part.error();
    const Result<RunInput> input = assemble(*spec, kernels, *part);
    if (!input) return input.error();
    if (options_.dry_run) return print_plan(input->plan, kernels);
    Result<RunDir> dir = open_dir(*spec);
    if (!dir) return std::move(dir).error();
    if (input->plan.cells.empty()) {
      say("no cell of the plan is in this part");
      return static_cast<int>(as_expected);
    }
    const Result<RunEnd> ran = run_into(*dir, *input, kernels);
    if (!ran) return ran.error();
    if (ran->unwritten) return cut_short(*dir, *ran->unwritten);
    return report(*dir, *input);
  }

 private:
  Result<> prepare_settings() {
    Result<RunSettings> settings = default_settings(options_.mirror);
    if (!settings) return std::move(settings).error();
    settings_ = *std::move(settings);
    settings_.fetch.allow_older = options_.allow_older;
    settings_.fetch.notice = [](std::string_view line) { say(line); };
    if (Result<> taken = take_options(options_.how, "--accel"); !taken) return taken;
    if (Result<> bounded = bound_jobs(); !bounded) return bounded;
    settings_.spare_core = settings_.jobs < cores_here();
    return {};
  }

  /// A requested number or amount counts more than what is free now.
  Result<> bound_jobs() {
    const int guest_mib = VmSpec().memory_mib;
    if (options_.jobs > 0) settings_.jobs = options_.jobs;
    if (options_.memory_mib == 0) return {};
    if (options_.memory_mib < vm_memory_mib(guest_mib)) {
      return Error{fmt::format("--memory '{}': one VM takes {} MiB", options_.memory_mib,
                               vm_memory_mib(guest_mib))};
    }
    const int wanted = options_.jobs > 0 ? options_.jobs : cores_here();
    settings_.jobs = jobs_within(wanted, options_.memory_mib, guest_mib);
    return {};
  }

  /// `where` names them in errors.
  Result<> take_options(const RunOptions& how, const std::string& where) {
    const auto accel = parse_word<AccelChoice>(how.accel);
    if (!accel) return Error{fmt::format("{} '{}': wanted auto, kvm or tcg", where, how.accel)};
    settings_.accel = *accel;
    settings_.cell_timeout = std::chrono::seconds(how.cell_timeout_s);
    settings_.boot_timeout = std::chrono::seconds(how.boot_timeout_s);
    settings_.cache = how.cache;
    settings_.isolation = parse_word<Isolation>(how.isolation).value_or(Isolation::cell);
    settings_.cold_check = how.cold_check;
    return {};
  }

  /// A run that is resumed goes on as it began; how many cells at a time is not part of that.
  Result<RunSpec> read_request() {
    Result<RunSpec> request = read_run_spec(options_.resume);
    if (!request || !request->options) return request;
    const Result<> taken =
        take_options(*request->options, fmt::format("'{}/run.json': accel", options_.resume));
    if (!taken) return taken.error();
    return request;
  }

  /// What was asked, from the matrix file and the options, or from the run that is resumed.
  Result<RunSpec> make_spec() {
    if (!options_.resume.empty()) return read_request();
    Result<RunSpec> request = make_request(options_.request);
    if (!request) return request;
    request->options = options_.how;
    request->id = random_id();
    request->started = std::int64_t{std::time(nullptr)};
    return request;
  }

  Result<PlanPart> plan_part() const {
    const Result<Shard> shard = parse_shard(options_.shard);
    if (!shard) return shard.error();
    PlanPart part{.shard = *shard};
    if (const Result<> read = take_costs(part); !read) return read.error();
    for (const std::string& arch : options_.request.archs) {
      if (const auto known = parse_arch(arch)) part.archs.push_back(*known);
    }
    return part;
  }

  /// Only what all parts have in common: the file that is named, or that of this bpfmatrix.
  Result<> take_costs(PlanPart& part) const {
    if (part.shard.count == 1) return {};
    const Result<fs::path> file =
        options_.costs.empty() ? find_data("ci/costs.json") : fs::path(options_.costs);
    if (!file) return file.error();
    Result<Costs> costs = read_costs(*file);
    if (!costs) return std::move(costs).error();
    part.costs = *std::move(costs);
    return {};
  }

  Result<int> print_plan(const Plan& plan, const KernelFinder& kernels) const {
    std::string last;
    for (const Cell& cell : plan.cells) {
      if (cell.kernel.id != last) {
        last = cell.kernel.id;
        print("# {}\n", qemu_line(kernels, last));
      }
      print("{}\n", cell.id());
    }
    say(fmt::format("{} cells", plan.cells.size()));
    return static_cast<int>(as_expected);
  }

  /// A line to paste into a shell; only what is in the store already is shown in full.
  std::string qemu_line(const KernelFinder& kernels, const std::string& id) const {
    const Result<Kernel> kernel = kernels.find_here(id);
    if (!kernel) return fmt::format("{}: {}", id, kernel.error().message);
    VmSpec spec = vm_spec(*kernel, settings_.accel == AccelChoice::kvm ? Accel::kvm : Accel::tcg);
    spec.initramfs = "INITRAMFS";
    spec.wiring = Wiring::terminal;
    return shell_quote(qemu_argv(spec));
  }

  Result<RunDir> open_dir(const RunSpec& request) {
    if (!options_.resume.empty()) return RunDir::resume(options_.resume);
    if (!options_.out.empty()) return RunDir::create(options_.out, request);
    const fs::path path =
        fs::path(kRunsFolder) / fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(std::time(nullptr)));
    Result<RunDir> dir = RunDir::create(path, request);
    if (dir) point_latest_at(path);
    return dir;
  }

  /// bpfmatrix-runs/latest is a convenience: that it cannot be made is no error.
  static void point_latest_at(const fs::path& run) {
    std::error_code ignored;
    const fs::path link = run.parent_path() / "latest";
    fs::remove(link, ignored);
    fs::create_symlink(run.filename(), link, ignored);
  }

  static Result<int> cut_short(const RunDir& dir, Error error) {
    error.hint = "make room, then continue: " +
                 shell_quote({"bpfmatrix", "run", "--resume", dir.path().string()});
    say_error(error);
    return static_cast<int>(ExitCode::unknown);
  }

  Result<RunEnd> run_into(RunDir& dir, const RunInput& input, const KernelFinder& kernels) {
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    const CellTimes times(settings_.fetch.store);
    RunProgress progress(terminal, wants_colour(STDERR_FILENO), terminal_width(STDERR_FILENO),
                         [&times](const Cell& cell) { return times.expected(cell); });
    settings_.fetch.store.remove_abandoned();
    Machines machines(settings_);
    const RunWorld world{.find_kernel = [&](const std::string& id) { return kernels.find(id); },
                         .guests_of =
                             [&](const Kernel& kernel, const RunWorld::Notice& say_so) {
                               return machines.guests_of(kernel, say_so);
                             },
                         .condition_facts =
                             [&](const Cell& cell, const Kernel& kernel, const KernelFacts* facts) {
                               return with_kernel_facts(plain_condition_facts(cell, kernel), facts,
                                                        &features_);
                             }};
    return run_plan(input, world, settings_, dir, progress);
  }

  /// The matrix, then what of it is not as the cases expect.
  Result<int> report(const RunDir& dir, const RunInput& input) const {
    const auto outcomes = read_cells(dir.path() / "outcomes.jsonl");
    if (!outcomes) return outcomes.error();
    RulesByCase rules;
    for (const auto& [id, spec] : input.cases) rules.emplace(id, expectations_of(spec));
    if (options_.update_expectations) {
      const Result<> updated = update_expectations(*outcomes, rules);
      if (!updated) return updated.error();
    }
    std::set<std::string> without_rules;
    const auto own = own_cases(dir.request());
    if (!own) return own.error();
    for (const CaseSpec& spec : *own) without_rules.insert(spec.id);
    const std::string path = dir.path().string();
    const std::vector<std::string>& planned = dir.request().cells;
    const Cells cells = cells_of(*outcomes);
    const Result<Gate> gate = open_gate(gate_, cells, planned, path, std::move(without_rules));
    if (!gate) return gate.error();
    RunHistory history(options_.history, &dir.request(), path);
    const Result<ExitCode> code =
        conclude(cells, planned, rules, *gate, history, path, options_.json);
    return code ? Result<int>(static_cast<int>(*code)) : Result<int>(code.error());
  }

  /// Rewrites the suite's cases, and reads them again.
  static Result<> update_expectations(const std::vector<Outcome>& outcomes, RulesByCase& rules) {
    const Result<fs::path> dir = find_data("cases");
    if (!dir) return dir.error();
    if (Result<> done = update_expectations_of(*dir, outcomes, Update::write); !done) return done;
    const Result<std::vector<CaseSpec>> suite = read_suite(*dir);
    if (!suite) return suite.error();
    for (const CaseSpec& spec : *suite) {
      if (rules.contains(spec.id)) rules[spec.id] = expectations_of(spec);
    }
    return {};
  }

  const RunArguments& options_;
  /// The project may name the baseline.
  GateOptions gate_;
  RunSettings settings_{};
  Features features_{};
};

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<RunArguments>();
  CLI::App* run = app.add_subcommand("run", "Run cases or objects on a matrix of kernels");
  add_request_options(*run, options->request);
  run->add_option("-o,--out", options->out, "Run directory; default: bpfmatrix-runs/TIME")
      ->type_name("DIR");
  run->add_option("--accel", options->how.accel, "What runs the guests")
      ->type_name(closed_list<AccelChoice>())
      ->capture_default_str();
  run->add_option("--jobs", options->jobs,
                  "VMs at a time; default: one per core, as far as memory goes")
      ->check(CLI::Range(1, kMaxJobs));
  run->add_option("--memory", options->memory_mib,
                  "Memory for all VMs together; default: what is free, minus 512 MiB")
      ->type_name("MIB")
      ->check(CLI::Range(std::int64_t{1}, kMaxMemoryMib));
  CLI::Option* shard =
      run->add_option("--shard", options->shard,
                      "Only part I of N of the plan; all parts cost about the same")
          ->type_name("I/N");
  run->add_option("--costs", options->costs,
                  "By which the plan is cut, the same file for all parts: what 'report --format "
                  "costs' writes. Default: the one that comes with bpfmatrix")
      ->type_name("FILE")
      ->needs(shard);
  run->add_option("--mirror", options->mirror, "Debian mirror; default: the one apt uses")
      ->type_name("URL");
  run->add_flag("--allow-older", options->allow_older, kAllowOlderHelp);
  run->add_option("--cell-timeout", options->how.cell_timeout_s, "Seconds a cell may take")
      ->capture_default_str();
  run->add_option("--boot-timeout", options->how.boot_timeout_s, "Seconds a boot may take")
      ->capture_default_str();
  run->add_option("--resume", options->resume, "Continue the run in this directory")
      ->type_name("DIR")
      ->excludes("--out");
  run->add_option("--isolation", options->how.isolation,
                  "What gets its own VM: cell, or kernel (all its cells share one)")
      ->capture_default_str()
      ->check(CLI::IsMember({"cell", "kernel"}));
  run->add_option("--cold-check", options->how.cold_check,
                  "Run one cell in N again in a VM that is booted, not cloned, and compare; 0: "
                  "none (default: 50 where CI is set)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  run->add_flag("--no-cache{false}", options->how.cache,
                "Run every cell, also those whose outcome is known from an earlier run");
  run->add_flag("--dry-run", options->dry_run, "Print the plan and how QEMU would be started");
  add_gate_options(*run, options->gate);
  add_history_options(*run, options->history);
  run->add_flag("--json", options->json, "The result as JSON on standard output");
  run->add_flag("--update-expectations", options->update_expectations,
                "Rewrite what the suite's cases expect from what was seen, and show the difference")
      ->excludes("--object");
  run->callback([options, &exit_code] {
    const Result<int> code = RunCommand(*options).run();
    if (!code) say_error(code.error());
    exit_code = code ? *code : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
