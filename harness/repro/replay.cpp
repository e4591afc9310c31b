#include "repro/replay.h"

#include <fmt/format.h>

#include "base/file.h"
#include "cell/derive.h"
#include "outcome/cells.h"
#include "outcome/kernel_facts_file.h"
#include "run/objects/app_finder.h"
#include "run/objects/given_btf.h"
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

/// What a cell came to, by today's rules; where its attempts differ, each of them.
class CellAnswers {
 public:
  CellAnswers(const OpenedPack& pack, const RunSettings& settings)
      : pack_(pack), objects_(settings) {}

  /// From the transcript of the pack. `kernel` is nullptr where the recorded one is not here: of
  /// its relocations nothing can be told then but what was written.
  std::vector<CellAnswer> recorded(const Kernel* kernel) {
    const KernelFacts* facts = pack_.facts ? &*pack_.facts : nullptr;
    const Source source{pack_.transcript, kernel, facts, pack_.outcome.kernel.facts};
    std::vector<CellAnswer> answers = of(source);
    if (kernel == nullptr) {
      for (CellAnswer& answer : answers) take_relocations(pack_.outcome, answer.outcome);
    }
    return answers;
  }

  /// Of the cell that was run here, of which `outcome` was made.
  std::vector<CellAnswer> now(const Transcript& transcript, const Outcome& outcome,
                              const Kernel& kernel, const KernelFacts* facts) {
    if (outcome.vm.flaky.empty()) return {{outcome, facts}};
    return of({transcript, &kernel, facts, outcome.kernel.facts});
  }

 private:
  struct Source {
    const Transcript& transcript;
    const Kernel* kernel;
    const KernelFacts* facts;
    const std::string& facts_sha256;
  };

  std::vector<CellAnswer> of(const Source& source) {
    Outcome whole = outcome_of(source, source.transcript);
    if (whole.vm.flaky.empty()) return {{std::move(whole), source.facts}};
    std::vector<CellAnswer> answers;
    for (const Attempt& attempt : source.transcript.attempts) {
      const Transcript one{.inputs = source.transcript.inputs, .attempts = {attempt}};
      Outcome outcome = outcome_of(source, one);
      if (outcome.end != End::lost) answers.push_back({std::move(outcome), source.facts});
    }
    return answers;
  }

  Outcome outcome_of(const Source& source, const Transcript& transcript) {
    const Result<ObjectFile> object = objects_.find(pack_.spec, pack_.manifest.kernel.arch);
    DeriveInput in = derive_input(transcript, &pack_.spec, source.kernel,
                                  object ? &*object : nullptr, pack_.manifest.btf, types_);
    in.facts = source.facts;
    in.facts_sha256 = source.facts_sha256;
    if (source.facts != nullptr && source.kernel != nullptr && source.kernel->given_btf)
      in.given_share = share_in_kernel(*source.kernel->given_btf, source.facts->symbols);
    return derive(in).outcome;
  }

  static void take_relocations(const Outcome& written, Outcome& outcome) {
    outcome.relocate.applied = written.relocate.applied;
    outcome.relocate.skipped = written.relocate.skipped;
    outcome.relocate.poisoned = written.relocate.poisoned;
    for (ProgramOutcome& program : outcome.programs) {
      for (const ProgramOutcome& other : written.programs) {
        if (other.name == program.name) program.relocations = other.relocations;
      }
    }
  }

  const OpenedPack& pack_;
  ObjectFinder objects_;
  KernelTypes types_{};
};

/// What is written in a pack of its outcome is for people; that its transcript says something else
/// is news to them.
void compare_with_written(const OpenedPack& pack, const std::vector<CellAnswer>& recorded,
                          Replay& replay) {
  if (recorded.size() > 1) return;
  const CellAnswer& said = recorded.front();
  const std::vector<std::string> found =
      differences(behaviour_of(pack.outcome, said.facts), behaviour_of(said.outcome, said.facts));
  if (found.empty()) return;
  replay.notes.push_back(fmt::format(
      "the pack's outcome is not what its transcript says, which counts: {}", found.front()));
}

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

Result<CellAgain> run_again(const OpenedPack& pack, const std::optional<Kernel>& recorded,
                            const Kernel& kernel, const RunWorld& world,
                            const RunSettings& settings, const fs::path& run_dir,
                            Listener& listener) {
  const Cell cell = cell_on(kernel, pack);
  Result<AppFiles> apps = apps_for(pack, cell);
  if (!apps) return CellAgain{unavailable(apps.error().message), {}};
  RunInput input{
      .plan = Plan{{cell}}, .cases = {{cell.case_id, pack.spec}}, .apps = *std::move(apps)};
  if (pack.btf) input.btf.emplace(std::make_pair(kernel.id, pack.spec.id), *pack.btf);
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
  CellAnswers answers(pack, settings);
  const std::vector<CellAnswer> before = answers.recorded(recorded ? &*recorded : nullptr);
  Replay replay = compare_replay(before, answers.now(*transcript, now, kernel, facts));
  compare_with_written(pack, before, replay);
  add_notes(pack, kernel, *transcript, replay);
  return CellAgain{std::move(replay), now};
}

}  // namespace bpfmatrix
