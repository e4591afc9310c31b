#include "repro/replay.h"

#include <fmt/format.h>

#include "base/file.h"
#include "cell/derive.h"
#include "outcome/cells.h"
#include "outcome/kernel_facts_file.h"
#include "run/objects/app_finder.h"
#include "run/objects/object_finder.h"
#include "run/record.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxAppBytes = 64 << 20;

/// The pack's application, or one that comes with us. Error: no guest of this kernel can run it.
Result<AppFiles> apps_for(const OpenedPack& pack, const Cell& cell) {
  if (!pack.app) return find_apps({}, Plan{{cell}});
  const Result<std::string> bytes = read_file(pack.app->file, kMaxAppBytes);
  if (!bytes) return bytes.error();
  const Result<> runs = check_runs_in_guest(*bytes, cell.kernel.arch, pack.app->app.name);
  if (!runs) return runs.error();
  return AppFiles{{{cell.loader, cell.kernel.arch}, *pack.app}};
}

Cell cell_on(const Kernel& kernel, const OpenedPack& pack) {
  Cell cell = pack.manifest.as_cell();
  cell.kernel = {kernel.id, kernel.arch};
  return cell;
}

Replay unavailable(const std::string& why) {
  Replay replay;
  replay.why = why;
  return replay;
}

/// What attempts at a cell came to, one by one; of those that agree, one answer.
class CellAnswers {
 public:
  CellAnswers(const OpenedPack& pack, const RunSettings& settings)
      : pack_(pack), objects_(settings) {}

  /// `kernel`: the one that the transcript is of; nullptr: that is not here.
  std::vector<CellAnswer> of(const Transcript& transcript, const Outcome& outcome,
                             const Kernel* kernel, const KernelFacts* facts) {
    if (outcome.vm.flaky.empty() || kernel == nullptr) return {{outcome, facts}};
    const Result<ObjectFile> object = objects_.find(pack_.spec, kernel->arch);
    std::vector<CellAnswer> answers;
    for (const Attempt& attempt : transcript.attempts) {
      const Transcript one{.inputs = transcript.inputs, .attempts = {attempt}};
      DeriveInput in = derive_input(one, &pack_.spec, kernel, object ? &*object : nullptr,
                                    pack_.manifest.btf, types_);
      in.facts = facts;
      in.facts_sha256 = outcome.kernel.facts;
      answers.push_back({derive(in).outcome, facts});
    }
    return answers;
  }

 private:
  const OpenedPack& pack_;
  ObjectFinder objects_;
  KernelTypes types_{};
};

/// Another build, machine or set of guest tools may be why something is different.
void add_notes(const OpenedPack& pack, const Kernel& kernel, const Transcript& now,
               Replay& replay) {
  const PackKernel& recorded = pack.manifest.kernel;
  if (kernel.id == recorded.id && kernel.image_sha256 != recorded.image_sha256) {
    replay.notes.push_back(
        fmt::format("another build under the same id: {} {} (sha256 {}), recorded was {} {} ({})",
                    kernel.release, kernel.origin.version, kernel.image_sha256.substr(0, 16),
                    recorded.release, recorded.version, recorded.image_sha256.substr(0, 16)));
  }
  const std::string& machine = pack.transcript.inputs.machine;
  const bool same_image = kernel.image_sha256 == recorded.image_sha256;
  if (same_image && !machine.empty() && machine != now.inputs.machine)
    replay.notes.push_back("another QEMU, or other guest tools, than when it was recorded");
}

}  // namespace

RunSettings settings_for(const OpenedPack& pack, RunSettings settings) {
  const PackOptions& options = pack.manifest.options;
  settings.accel = parse_word<AccelChoice>(options.accel).value_or(AccelChoice::automatic);
  settings.cell_timeout = std::chrono::seconds(options.cell_timeout_s);
  settings.boot_timeout = std::chrono::seconds(options.boot_timeout_s);
  settings.isolation = Isolation::cell;
  settings.cold_check = 0;
  settings.cache = false;
  settings.jobs = 1;
  return settings;
}

Result<CellAgain> run_again(const OpenedPack& pack, const Kernel& kernel, const RunWorld& world,
                            const RunSettings& settings, const fs::path& run_dir,
                            Listener& listener) {
  const Cell cell = cell_on(kernel, pack);
  Result<AppFiles> apps = apps_for(pack, cell);
  if (!apps) return CellAgain{unavailable(apps.error().message), {}};
  RunInput input{
      .plan = Plan{{cell}}, .cases = {{cell.case_id, pack.spec}}, .apps = *std::move(apps)};
  if (pack.btf) input.btf.emplace(kernel.id, *pack.btf);
  RunSpec spec;
  spec.matrix.kernels = {kernel.id};
  spec.matrix.cases = {cell.case_id};
  spec.cells = {cell.id()};
  Result<RunDir> dir = RunDir::create(run_dir, spec);
  if (!dir) return std::move(dir).error();
  RunWorld one = world;
  // Nothing is compiled, so the kernel with the usual headers is not needed.
  one.find_kernel = [&](const std::string& id) {
    return id == kernel.id ? Result<Kernel>(kernel) : Error{"not needed"};
  };
  const Result<RunEnd> ran = run_plan(input, one, settings, *dir, listener);
  if (!ran) return ran.error();
  if (ran->unwritten) return *ran->unwritten;
  const auto outcomes = read_cells(run_dir / "outcomes.jsonl");
  if (!outcomes) return outcomes.error();
  const Result<Transcript> transcript = read_transcript(run_dir, cell.id());
  if (!transcript) return transcript.error();
  RunKernels known(run_dir);
  const Outcome& now = outcomes->front();
  const KernelFacts* facts = known.of(now);
  const bool same_image = kernel.image_sha256 == pack.manifest.kernel.image_sha256;
  CellAnswers answers(pack, settings);
  Replay replay =
      compare_replay(answers.of(pack.transcript, pack.outcome, same_image ? &kernel : nullptr,
                                pack.facts ? &*pack.facts : nullptr),
                     answers.of(*transcript, now, &kernel, facts));
  add_notes(pack, kernel, *transcript, replay);
  return CellAgain{std::move(replay), now};
}

}  // namespace bpfmatrix
