#include "cli/repro_new.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "analysis/causes/finding.h"
#include "analysis/sign.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/output_file.h"
#include "cli/run_progress.h"
#include "cli/talk.h"
#include "elf/btf_identity.h"
#include "elf/object.h"
#include "kernels/archive/decompress.h"
#include "kernels/find/kernel_parts.h"
#include "kernels/image/kernel_image.h"
#include "outcome/cells.h"
#include "outcome/kernel_facts_file.h"
#include "repro/bisect.h"
#include "repro/loader_log.h"
#include "repro/nearest_kernel.h"
#include "repro/pack.h"
#include "run/machines/machines.h"
#include "run/objects/kernel_finder.h"
#include "run/run.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxLogBytes = 64 << 20;

struct NewArguments {
  std::string uname{};
  std::string object{};
  std::string btf{};
  std::string config{};
  std::string log{};
  std::string archive{};
  std::string output{};
  std::string mirror{};
};

Result<KernelConfig> read_config(const fs::path& file) {
  std::string text;
  const Result<> read =
      decompress_file(file, kMaxConfigBytes, [&](std::string_view piece) -> Result<> {
        text += piece;
        return {};
      });
  if (!read) return read.error();
  KernelConfig config = parse_kernel_config(text);
  if (config.empty()) return file_error(file, Error{"no configuration of a kernel"});
  return config;
}

Result<Btf> read_btf(const fs::path& file) {
  Result<std::string> bytes = read_file(file, kMaxKernelBtfBytes);
  if (!bytes) return std::move(bytes).error();
  Result<Btf> btf = Btf::parse(*std::move(bytes));
  if (!btf) return file_error(file, btf.error());
  return btf;
}

class NewCommand {
 public:
  NewCommand(const NewArguments& arguments, RunSettings settings, Catalog catalog, TempDir work)
      : arguments_(arguments),
        settings_(std::move(settings)),
        in_use_(settings_.fetch.store.use()),
        kernels_(std::move(catalog), settings_),
        work_(std::move(work)) {}

  /// Error: what was given is wrong.
  Result<int> run() {
    if (const Result<> read = read_given(); !read) return read.error();
    Result<std::string> id = arguments_.archive.empty() ? choose_kernel() : take_archive();
    if (!id) return std::move(id).error();
    const Result<Kernel> kernel = kernels_.find(*id);
    if (!kernel) return end_with(kernel.error(), unknown);
    print_functions(*kernel);
    const Result<Outcome> outcome = run_on(*kernel);
    if (!outcome) return end_with(outcome.error(), unknown);
    print_outcome(*outcome);
    const int code = print_log(*outcome);
    return arguments_.output.empty() ? code : pack(*outcome, code);
  }

 private:
  static void line(std::string_view what, std::string_view text) {
    print("  {:<14}{}\n", what, text);
  }

  Result<> read_given() {
    Result<Box> box = read_uname(arguments_.uname);
    if (!box) return std::move(box).error();
    box_ = *std::move(box);
    if (const Result<ObjectInfo> object = read_object(arguments_.object); !object)
      return object.error();
    if (!arguments_.config.empty()) {
      Result<KernelConfig> config = read_config(arguments_.config);
      if (!config) return std::move(config).error();
      box_.btf = config->contains("DEBUG_INFO_BTF");
      box_.config = *std::move(config);
    }
    if (!arguments_.btf.empty()) {
      Result<Btf> btf = read_btf(arguments_.btf);
      if (!btf) return std::move(btf).error();
      btf_ = *std::move(btf);
      box_.btf = true;
      if (const auto arch = arch_of(*btf_)) box_.arch = arch;
    }
    if (arguments_.log.empty()) return {};
    const Result<std::string> log = read_file(arguments_.log, kMaxLogBytes);
    if (!log) return log.error();
    claims_ = read_loader_log(*log);
    if (!box_.btf && says_no_kernel_btf(claims_)) box_.btf = false;
    return {};
  }

  Result<std::string> choose_kernel() {
    if (!box_.arch) {
      return Error{fmt::format("--uname '{}': no architecture in it that is known here ({})",
                               arguments_.uname, known_words<Arch>()),
                   "what 'uname -a' prints on that machine, or give its BTF with --btf"};
    }
    std::vector<KernelCandidate> candidates;
    for (const PlanKernel& known : kernels_.known()) {
      if (known.arch == *box_.arch) candidates.push_back(candidate(known.id));
    }
    const Result<NearKernel> near = nearest_kernel(box_, candidates);
    if (!near) return near.error();
    print("nearest: {}\n", near->id);
    for (const auto& [what, why] : near->reasons) line(what, why);
    return near->id;
  }

  KernelCandidate candidate(const std::string& id) const {
    KernelCandidate one{.id = id, .distribution = distribution_of(id)};
    const Result<Kernel> here = kernels_.find_here(id);
    if (!here) {
      one.version = version_in_id(id);
      return one;
    }
    one.release = here->release;
    one.version = parse_kernel_version(here->release);
    one.btf = here->btf.has_value();
    if (!here->config) return one;
    if (Result<KernelConfig> config = read_config(*here->config)) one.config = *std::move(config);
    return one;
  }

  /// The very kernel: it is used for this run only, and goes into the pack.
  Result<std::string> take_archive() {
    Result<KernelParts> parts = unpack_kernel_archive(arguments_.archive, work_.path() / "parts");
    if (!parts) return std::move(parts).error();
    const fs::path tree = work_.path() / "kernel";
    std::error_code error;
    fs::create_directory(tree, error);
    if (error) return file_error(tree, error);
    Result<AssembledKernel> made = assemble_kernel(*parts, tree, work_.path());
    if (!made) return file_error(arguments_.archive, std::move(made).error());
    Kernel& kernel = made->kernel;
    kernel.id = "box-" + kernel.release;
    if (!is_valid_id(kernel.id)) kernel.id = "box";
    print("kernel of that machine: {}\n", kernel.id);
    line("release", kernel.release == box_.release
                        ? kernel.release + ", the same"
                        : fmt::format("{} for {}: another", kernel.release, box_.release));
    box_.btf = kernel.btf.has_value();
    // Nothing that is measured of it is kept for other runs.
    settings_.fetch.store = Store(work_.path() / "store");
    if (Result<> ready = settings_.fetch.store.prepare(); !ready) return std::move(ready).error();
    const std::string id = kernel.id;
    kernels_.add(std::move(kernel));
    return id;
  }

  /// How many functions of the BTF that was sent the kernel here has.
  void print_functions(const Kernel& kernel) const {
    if (!btf_ || !kernel.btf) return;
    const Result<Btf> here = read_btf(kernel.btf->file);
    if (!here) return;
    const BtfShare share = share_of_functions(
        *btf_, [&](std::string_view name) { return !here->find(name, BtfKind::func).empty(); });
    line("functions", fmt::format("{} of the {} in its BTF are in that of this kernel, too",
                                  share.alike, share.compared));
  }

  /// Where that kernel has no BTF, the loader here gets none either.
  BtfSource btf_source() const { return box_.btf == false ? BtfSource::none : BtfSource::kernel; }

  Result<Outcome> run_on(const Kernel& kernel) {
    std::error_code seen_by_open;
    const fs::path object = fs::absolute(arguments_.object, seen_by_open);
    const CaseSpec spec = case_for_object(object);
    const Cell cell{{kernel.id, kernel.arch}, spec.id, btf_source(), "libbpf"};
    RunInput input{.plan = Plan{{cell}}, .cases = {{spec.id, spec}}};
    RunSpec asked;
    asked.matrix.kernels = {kernel.id};
    asked.objects = {object.string()};
    asked.cells = {cell.id()};
    run_dir_ = work_.path() / "run";
    Result<RunDir> dir = RunDir::create(run_dir_, asked);
    if (!dir) return std::move(dir).error();
    settings_.cache = false;
    settings_.jobs = 1;
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    RunProgress progress(terminal, wants_colour(STDERR_FILENO), terminal_width(STDERR_FILENO),
                         [](const Cell&) { return std::chrono::milliseconds(0); });
    Machines machines(settings_);
    const RunWorld world{
        .find_kernel = [&](const std::string& id) { return kernels_.find_here(id); },
        .guests_of =
            [&](const Kernel& of, const RunWorld::Notice& notice) {
              return machines.guests_of(of, notice);
            }};
    const Result<RunEnd> ran = run_plan(input, world, settings_, *dir, progress);
    if (!ran) return ran.error();
    if (ran->unwritten) return *ran->unwritten;
    auto outcomes = read_cells(run_dir_ / "outcomes.jsonl");
    if (!outcomes) return std::move(outcomes).error();
    return std::move(outcomes->front());
  }

  void print_outcome(const Outcome& outcome) {
    print("run: {}\n", outcome.cell);
    known_ = std::make_unique<RunKernels>(run_dir_);
    const KernelFacts* facts = known_->of(outcome);
    if (outcome.programs.empty() || outcome.end != End::completed) {
      const std::string why = find_cause(outcome, nullptr, facts).sentence;
      line("object", why.empty() ? to_string(sign_of(outcome, nullptr)) : why);
    }
    for (const ProgramOutcome& program : outcome.programs) {
      const std::string why = find_cause(outcome, &program, facts).sentence;
      line(program.name, fmt::format("{}{}{}", to_string(sign_of(outcome, &program)),
                                     why.empty() ? "" : ": ", why));
    }
  }

  int print_log(const Outcome& outcome) {
    const bool no_answer = outcome.end != End::completed && outcome.end != End::panicked;
    if (no_answer) return unknown;
    if (arguments_.log.empty()) return as_expected;
    const std::vector<ComparedClaim> compared =
        compare_claims(claims_, outcome, known_->of(outcome));
    std::size_t same = 0;
    std::size_t different = 0;
    for (const ComparedClaim& one : compared) {
      same += one.agreement == Agreement::same ? 1 : 0;
      different += one.agreement == Agreement::different ? 1 : 0;
    }
    print("log: {} lines say how it went: {} the same here, {} different, {} not compared\n",
          compared.size(), same, different, compared.size() - same - different);
    for (const ComparedClaim& one : compared) {
      print("  {}: {}\n", one.claim.line, one.claim.text);
      print("    {}: {}\n", to_string(one.agreement), one.here);
    }
    if (different > 0) return unexpected;
    return same > 0 ? as_expected : unknown;
  }

  Result<int> pack(const Outcome& outcome, int code) {
    const PackRequest request{run_dir_, outcome.cell, PackedKernel::if_it_is_nowhere_else,
                              BPFMATRIX_VERSION};
    const Result<Pack> made = make_pack(request, kernels_, settings_);
    if (!made) return end_with(made.error(), unknown);
    if (const Result<> written = write_output(arguments_.output, made->bytes); !written) {
      return end_with(written.error(), unknown);
    }
    print("packed: {}, {} bytes\n", arguments_.output, made->bytes.size());
    return code;
  }

  const NewArguments& arguments_;
  RunSettings settings_;
  StoreLock in_use_;
  KernelFinder kernels_;
  TempDir work_;
  fs::path run_dir_{};
  Box box_{};
  std::optional<Btf> btf_{};
  std::vector<LogClaim> claims_{};
  std::unique_ptr<RunKernels> known_{};
};

int new_pack(const NewArguments& arguments) {
  Result<RunSettings> settings = default_settings(arguments.mirror);
  if (!settings) return end_with(settings.error(), wrong_command);
  settings->fetch.notice = [](std::string_view text) { say(text); };
  Result<Catalog> catalog = known_kernels();
  if (!catalog) return end_with(catalog.error(), wrong_command);
  if (Result<> ready = settings->fetch.store.prepare(); !ready)
    return end_with(ready.error(), unknown);
  Result<TempDir> work = settings->fetch.store.temporary();
  if (!work) return end_with(work.error(), unknown);
  const Result<int> code =
      NewCommand(arguments, *std::move(settings), *std::move(catalog), *std::move(work)).run();
  return code ? *code : end_with(code.error(), wrong_command);
}

}  // namespace

void add_repro_new(CLI::App& repro, int& exit_code) {
  const auto arguments = std::make_shared<NewArguments>();
  CLI::App* command = repro.add_subcommand(
      "new", "Run an object on the kernel that is nearest to that of a machine elsewhere");
  command->add_option("--uname", arguments->uname, "What 'uname -a' prints on that machine")
      ->required();
  command->add_option("--object", arguments->object, "The BPF object")
      ->type_name("FILE")
      ->required();
  command->add_option("--btf", arguments->btf, "/sys/kernel/btf/vmlinux of that machine")
      ->type_name("FILE");
  command
      ->add_option("--config", arguments->config,
                   "Its kernel's configuration, also as /proc/config.gz")
      ->type_name("FILE");
  command
      ->add_option("--log", arguments->log,
                   "What its loader said: libbpf's debug output, or Aya's with RUST_LOG=debug; "
                   "it is compared with the run, line by line")
      ->type_name("FILE");
  command
      ->add_option("--archive", arguments->archive,
                   "Its kernel, as the script that 'kernels collect' prints packs it")
      ->type_name("FILE");
  command->add_option("-o,--output", arguments->output, "Make a pack of it")->type_name("FILE");
  command->add_option("--mirror", arguments->mirror, "Debian mirror; default: the one apt uses")
      ->type_name("URL");
  command->footer(
      "Exit codes: 0 the log agrees, or there is none; 1 it does not, 2 the command was wrong,\n"
      "3 it could not be run, or the log says nothing that could be compared.");
  command->callback([arguments, &exit_code] { exit_code = new_pack(*arguments); });
}

}  // namespace bpfmatrix
