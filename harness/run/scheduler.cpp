#include "run/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/parallel.h"
#include "cell/attach_candidates.h"
#include "cell/run_cell.h"
#include "run/cache/cell_cache.h"
#include "run/cache/cell_times.h"
#include "run/cell_queue.h"
#include "run/cell_runner.h"
#include "run/machines/guest_source.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/machines/template_store.h"
#include "run/unrun_outcome.h"

namespace bpfmatrix {

namespace {

/// A kernel of the run, and where its cells get their guests from.
struct RunKernel {
  Result<Kernel> kernel;
  std::unique_ptr<GuestSource> guests{};
  /// Why it has none.
  std::optional<VmExit> no_guests{};
  KernelTypes types{};
  /// Of the BTF that the user gave for it.
  std::optional<BtfShare> given_share{};
  std::atomic<int> booted{0};
  std::atomic<std::size_t> cells_left{0};

  explicit RunKernel(Result<Kernel> found) : kernel(std::move(found)) {}
};

/// The listener, called one at a time.
class Announcer {
 public:
  explicit Announcer(Listener& listener) : listener_(listener) {}

  template <typename Call>
  void operator()(Call call) {
    const std::lock_guard lock(mutex_);
    call(listener_);
  }

 private:
  Listener& listener_;
  std::mutex mutex_{};
};

class Scheduler {
 public:
  Scheduler(const RunInput& input, const KernelFinder& kernels, const RunSettings& settings,
            RunDir& dir, Listener& listener)
      : input_(input),
        kernels_(kernels),
        settings_(settings),
        dir_(dir),
        announce_(listener),
        objects_(settings),
        times_(settings.fetch.store),
        queue_(settings.isolation),
        facts_(settings.fetch.store,
               [this](const PackedFacts& facts) { return keep_facts(facts); }),
        cache_(
            settings, dir, std::string(to_string(settings.isolation)),
            [this](const Kernel& kernel) { return machine_of(kernel); },
            [this](const std::string& text) { notice(text); }),
        source_context_{&settings,
                        [this](const Kernel& kernel) { return choose_accel_for(kernel); },
                        [this](const std::string& text) { notice(text); }},
        runner_context_{
            &settings, [this](const Cell& cell) { return console_log(cell); },
            [this](const Cell& cell, const std::string& text) {
              if (Result<> kept = dir_.keep_console(cell.id(), text); !kept) fail(kept.error());
            },
            [this](const Cell& cell) { announce_([&](Listener& l) { l.cell_started(cell); }); }} {}

  Result<RunEnd> run() {
    const std::vector<const Cell*> cells = remaining_cells();
    announce_([&](Listener& l) { l.run_planned(as_plan(cells), settings_.jobs); });
    find_kernels(cells);
    if (const Result<> found = find_objects(); !found) return found.error();
    if (const Result<> recalled = queue_cells(cells); !recalled) {
      return RunEnd{recalled.error()};
    }
    collect_templates();
    std::vector<std::thread> workers;
    for (int i = 0; i < settings_.jobs; ++i) workers.emplace_back([this] { work(); });
    for (std::thread& worker : workers) worker.join();
    times_.save();
    return RunEnd{failure_};
  }

 private:
  void notice(const std::string& text) {
    announce_([&](Listener& l) { l.notice(text); });
  }

  std::vector<const Cell*> remaining_cells() const {
    std::vector<const Cell*> cells;
    for (const Cell& cell : input_.plan.cells) {
      if (!dir_.finished().contains(cell.id())) cells.push_back(&cell);
    }
    return cells;
  }

  static Plan as_plan(const std::vector<const Cell*>& cells) {
    Plan plan;
    for (const Cell* cell : cells) plan.cells.push_back(*cell);
    return plan;
  }

  void find_kernels(const std::vector<const Cell*>& cells) {
    for (const Cell* cell : cells) {
      const std::string& id = cell->kernel.id;
      if (run_kernels_.contains(id)) continue;
      auto kernel = std::make_unique<RunKernel>(kernels_.find(id));
      if (kernel->kernel) {
        const auto given = input_.btf.find(id);
        if (given != input_.btf.end()) kernel->kernel->given_btf = given->second;
        kernel->guests = std::make_unique<GuestSource>(*kernel->kernel, source_context_);
      } else {
        notice(kernel->kernel.error().message);
      }
      run_kernels_.emplace(id, std::move(kernel));
    }
  }

  /// The BTF that cases given as C are compiled against: always the same kernel's where it can be
  /// had, because another header makes another object; else any kernel's of the run.
  void choose_headers(Arch arch) {
    const Result<Kernel> usual =
        kernels_.find(fmt::format("{}{}", kHeadersKernel, to_string(arch)));
    if (usual && usual->btf) return objects_.compile_against(arch, usual->btf->file);
    for (const auto& [id, found] : run_kernels_) {
      const Result<Kernel>& kernel = found->kernel;
      const KernelBtf* btf = kernel && kernel->arch == arch ? btf_of(*kernel) : nullptr;
      if (btf != nullptr) objects_.compile_against(arch, btf->file);
    }
  }

  static bool is_ours(const ObjectSpec& object) {
    return !std::holds_alternative<DebObject>(object);
  }

  /// Without a kernel of its architecture an object is not needed, and may want that kernel's BTF.
  bool any_kernel_of(Arch arch) const {
    return std::any_of(run_kernels_.begin(), run_kernels_.end(), [&](const auto& entry) {
      const Result<Kernel>& kernel = entry.second->kernel;
      return kernel && kernel->arch == arch;
    });
  }

  /// Finds each object once, before anything boots: a mistake in a case costs seconds, not minutes.
  Result<> find_objects() {
    for (const Cell& cell : input_.plan.cells) {
      const auto key = std::make_pair(cell.case_id, cell.kernel.arch);
      if (found_.contains(key)) continue;
      const CaseSpec& spec = input_.cases.at(cell.case_id);
      const bool first_of_arch = std::none_of(found_.begin(), found_.end(), [&](const auto& entry) {
        return entry.first.second == key.second;
      });
      if (first_of_arch) choose_headers(key.second);
      Result<ObjectFile> object = objects_.find(spec, key.second);
      if (!object && is_ours(spec.object) && any_kernel_of(key.second)) {
        return std::move(object).error();
      }
      found_.emplace(key, std::move(object));
    }
    return {};
  }

  /// What needs no guest is done at once: cells that cannot be run, and what earlier runs found
  /// out.
  Result<> queue_cells(const std::vector<const Cell*>& cells) {
    std::vector<std::optional<Outcome>> known = outcomes_now(cells);
    std::vector<Outcome> settled;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (known[i]) {
        settled.push_back(*std::move(known[i]));
      } else {
        ++run_kernels_.at(cells[i]->kernel.id)->cells_left;
        queue_.add({cells[i], times_.expected(*cells[i])});
      }
    }
    queued_ = queue_.kernels();
    if (Result<> written = dir_.append_known(settled); !written) return written;
    for (const Outcome& outcome : settled) {
      announce_([&](Listener& l) { l.cell_finished(outcome); });
    }
    return {};
  }

  /// Kernels side by side, not cells: what the cells of a kernel have in common is found out once,
  /// and is most of the work.
  std::vector<std::optional<Outcome>> outcomes_now(const std::vector<const Cell*>& cells) {
    std::vector<std::string_view> kernels;
    for (const auto& [id, kernel] : run_kernels_) kernels.push_back(id);
    std::vector<std::optional<Outcome>> outcomes(cells.size());
    for_each_at_once(kernels.size(), settings_.jobs, [&](std::size_t kernel) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i]->kernel.id == kernels[kernel]) outcomes[i] = outcome_now(*cells[i]);
      }
    });
    return outcomes;
  }

  std::optional<Outcome> outcome_now(const Cell& cell) {
    RunKernel& kernel = *run_kernels_.at(cell.kernel.id);
    const CaseSpec& spec = input_.cases.at(cell.case_id);
    const Result<ObjectFile>& object = found_.at({cell.case_id, cell.kernel.arch});
    auto outcome = outcome_without_parts(cell, spec, kernel.kernel, object);
    if (!outcome) outcome = cache_.recall(input_of(kernel, cell));
    if (!outcome) outcome = outcome_without_lockdown(input_of(kernel, cell), facts_);
    return outcome;
  }

  /// Those that were left half made by the dead, and those nobody has used for long.
  void collect_templates() const {
    if (!queue_.empty()) TemplateStore(settings_.fetch.store).gc({});
  }

  Result<std::string> machine_of(const Kernel& kernel) {
    return run_kernels_.at(kernel.id)->guests->machine();
  }

  RunKernel& kernel_of(const CellQueue::Task& task) {
    return *run_kernels_.at(queued_[task.kernel]);
  }

  /// The cell after the one at hand is claimed before that is run, so that its machine can be
  /// started meanwhile.
  void work() {
    CellRunner runner(runner_context_);
    std::optional<std::size_t> at;
    std::optional<CellQueue::Task> task = wait_for_task(at);
    while (task) {
      if (task->cell == nullptr) {
        prepare(*task);
        task = wait_for_task(at);
        continue;
      }
      at = task->kernel;
      std::optional<CellQueue::Task> next = take_ready(at);
      run_one(runner, *task, next ? kernel_of(*next).guests.get() : nullptr);
      task = next ? next : wait_for_task(at);
    }
  }

  std::optional<CellQueue::Task> wait_for_task(std::optional<std::size_t> at) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (failure_ || queue_.empty()) return std::nullopt;
      if (auto task = queue_.take(at)) return task;
      prepared_.wait(lock);
    }
  }

  std::optional<CellQueue::Task> take_ready(std::optional<std::size_t> at) {
    const std::lock_guard lock(mutex_);
    return failure_ ? std::nullopt : queue_.take_ready(at);
  }

  void prepare(const CellQueue::Task& task) {
    RunKernel& kernel = kernel_of(task);
    const std::string& id = queued_[task.kernel];
    announce_([&](Listener& l) { l.kernel_booting(id); });
    const auto start = Clock::now();
    kernel.no_guests =
        kernel.guests->prepare([&](GuestSource& guests) { return learn(kernel, guests); });
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    announce_([&](Listener& l) { l.kernel_ready(id, took); });
    const std::lock_guard lock(mutex_);
    queue_.prepared(task.kernel);
    prepared_.notify_all();
  }

  /// What the kernel is, before it is given cells; that this could not be found out costs none.
  std::optional<KernelFacts> learn(RunKernel& kernel, GuestSource& guests) {
    const Result<> learnt = facts_.learn(*kernel.kernel, [&]() -> Result<KernelFacts> {
      GuestOrExit got = guests.boot(dir_.console_log(kernel.kernel->id, 0));
      if (const auto* exit = std::get_if<VmExit>(&got)) return Error{exit->reason};
      GuestVm& guest = *std::get<std::unique_ptr<GuestVm>>(got);
      return learn_kernel(settings_.fetch.store, *kernel.kernel, guest.session());
    });
    if (!learnt && !failed())
      notice(fmt::format("{}: {}", kernel.kernel->id, learnt.error().message));
    const KernelFactsKeeper::Known* known = facts_.find(kernel.kernel->id);
    if (known != nullptr) compare_given_btf(kernel, known->facts);
    return known != nullptr ? std::optional(known->facts) : std::nullopt;
  }

  /// BTF does not say whose it is, its functions may.
  void compare_given_btf(RunKernel& kernel, const KernelFacts& facts) {
    const std::optional<KernelBtf>& given = kernel.kernel->given_btf;
    if (!given) return;
    kernel.given_share = share_in_kernel(*given, facts.symbols);
    if (!kernel.given_share || kernel.given_share->looks_alike().value_or(true)) return;
    notice(
        fmt::format("{}: '{}' does not look like the BTF of this kernel, which has {} of its {} "
                    "functions: what is read with it may be wrong",
                    kernel.kernel->id, given->file.string(), kernel.given_share->alike,
                    kernel.given_share->compared));
  }

  std::filesystem::path console_log(const Cell& cell) {
    return dir_.console_log(cell.kernel.id, ++run_kernels_.at(cell.kernel.id)->booted);
  }

  /// Of a cell that needs a guest: kernel and object are there.
  CellInput input_of(RunKernel& kernel, const Cell& cell) const {
    const auto command = input_.apps.find({cell.loader, cell.kernel.arch});
    CellInput in{&cell, &input_.cases.at(cell.case_id), &*kernel.kernel,
                 &*found_.at({cell.case_id, cell.kernel.arch}), &kernel.types};
    if (command != input_.apps.end()) in.app = &command->second;
    in.timeout = settings_.cell_timeout;
    return in;
  }

  /// Another part of the plan each day.
  bool is_cold_checked(const Cell& cell) const {
    if (settings_.cold_check <= 0) return false;
    const auto every = static_cast<std::size_t>(settings_.cold_check);
    const auto position = static_cast<std::size_t>(&cell - input_.plan.cells.data());
    const auto day = static_cast<std::size_t>(std::time(nullptr) / (24 * 3600));
    return (position + day) % every == 0;
  }

  void run_one(CellRunner& runner, const CellQueue::Task& task, GuestSource* next) {
    const Cell& cell = *task.cell;
    RunKernel& kernel = kernel_of(task);
    const CellInput input = input_of(kernel, cell);
    const auto start = Clock::now();
    CellResult result = kernel.no_guests
                            ? result_without_guest(input, *kernel.no_guests)
                            : runner.run(input, *kernel.guests, next, is_cold_checked(cell));
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    result.outcome.vm.wall_ms = wall.count();
    times_.took(cell.id(), wall);
    take_result(result);
    if (--kernel.cells_left == 0) kernel.types.forget();
  }

  void take_result(CellResult& result) {
    add_facts(result.outcome);
    keep_logs(result);
    // What the outcome refers to may not be there: the cell is run again when this is resumed.
    if (failed()) return;
    cache_.keep(result);
    for (const std::string& text : result.notices) notice(text);
    for (const std::string& difference : result.outcome.vm.flaky) {
      notice(fmt::format("{}: attempts at this cell differ, so nothing is known of it: {}",
                         result.outcome.cell, difference));
    }
    finish(result.outcome);
  }

  /// Without them outcomes would lack what they are judged by.
  Result<std::string> keep_facts(const PackedFacts& facts) {
    Result<std::string> kept = dir_.keep_facts(facts);
    if (!kept) fail(kept.error());
    return kept;
  }

  void add_facts(Outcome& outcome) {
    const KernelFactsKeeper::Known* known = facts_.find(outcome.kernel.id);
    if (known == nullptr) return;
    outcome.kernel.facts = known->sha256;
    const std::optional<BtfShare>& share = run_kernels_.at(outcome.kernel.id)->given_share;
    if (share && outcome.embedded) {
      outcome.embedded->functions = share->compared;
      outcome.embedded->functions_in_kernel = share->alike;
    }
    add_candidates(outcome, known->facts);
  }

  /// One at a time: the first answer about KVM is remembered for all the others.
  Result<Accel> choose_accel_for(const Kernel& kernel) {
    const std::lock_guard lock(accel_mutex_);
    return choose_accel({.choice = settings_.accel,
                         .guest = kernel.arch,
                         .host = this_host(kernel.arch),
                         .cache_dir = settings_.fetch.store.root(),
                         .prove = [&] { return prove_kvm_with(kernel); },
                         .say = [&](const std::string& text) { say_once(text); }});
  }

  void say_once(const std::string& text) {
    if (!said_.insert(text).second) return;
    announce_([&](Listener& l) { l.notice(text); });
  }

  void keep_logs(CellResult& result) {
    for (ProgramOutcome& program : result.outcome.programs) {
      const auto log = result.logs.find(program.name);
      if (log == result.logs.end()) continue;
      Result<std::string> hash = dir_.keep_log(log->second);
      if (!hash) return fail(hash.error());
      program.load.log_sha256 = *std::move(hash);
    }
    if (result.loader_log.empty()) return;
    if (const Result<> kept = dir_.keep_loader_log(result.outcome.cell, result.loader_log); !kept)
      fail(kept.error());
  }

  void finish(const Outcome& outcome) {
    if (const Result<> written = dir_.append(outcome); !written) return fail(written.error());
    announce_([&](Listener& l) { l.cell_finished(outcome); });
  }

  bool failed() {
    const std::lock_guard lock(mutex_);
    return failure_.has_value();
  }

  void fail(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
    prepared_.notify_all();
  }

  const RunInput& input_;
  const KernelFinder& kernels_;
  const RunSettings& settings_;
  RunDir& dir_;
  Announcer announce_;
  ObjectFinder objects_;
  CellTimes times_;
  CellQueue queue_;
  KernelFactsKeeper facts_;
  CellCache cache_;
  GuestSource::Context source_context_;
  CellRunner::Context runner_context_;
  std::map<std::pair<std::string, Arch>, Result<ObjectFile>> found_{};
  std::map<std::string, std::unique_ptr<RunKernel>> run_kernels_{};
  /// The queue's kernels by their numbers.
  std::vector<std::string> queued_{};
  /// Guards the queue and the failure.
  std::mutex mutex_{};
  std::condition_variable prepared_{};
  std::mutex accel_mutex_{};
  std::set<std::string> said_{};
  std::optional<Error> failure_{};
};

}  // namespace

Result<RunEnd> run_plan(const RunInput& input, const KernelFinder& kernels,
                        const RunSettings& settings, RunDir& dir, Listener& listener) {
  return Scheduler(input, kernels, settings, dir, listener).run();
}

}  // namespace bpfmatrix
