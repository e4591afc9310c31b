#include "run/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "run/attach_candidates.h"
#include "run/guest_vm.h"
#include "run/kernel_facts_keeper.h"
#include "run/run_cell.h"

namespace bpfmatrix {

namespace {

constexpr int kMaxBootAttempts = 2;
/// A second VM of the same kernel pays for its boot only if this many cells are left to share.
constexpr std::size_t kWorthSharing = 6;

/// What is left to do on one kernel.
struct KernelQueue {
  std::string id{};
  std::deque<const Cell*> cells{};
  int workers = 0;
  int vms_started = 0;
  std::optional<Result<Kernel>> kernel{};
  KernelTypes types{};
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
        facts_(settings.fetch.store,
               [&dir](const PackedFacts& facts) { return dir.keep_facts(facts); }) {}

  Result<> run() {
    queue_cells();
    announce_([&](Listener& l) { l.run_planned(remaining_plan(), settings_.jobs); });
    find_kernels();
    if (const Result<> found = find_objects(); !found) return found;
    std::vector<std::thread> workers;
    for (int i = 0; i < settings_.jobs; ++i) workers.emplace_back([this] { work(); });
    for (std::thread& worker : workers) worker.join();
    if (failure_) return *failure_;
    return {};
  }

 private:
  void queue_cells() {
    for (const Cell& cell : input_.plan.cells) {
      if (dir_.finished().contains(cell.id())) continue;
      auto queue = std::find_if(queues_.begin(), queues_.end(),
                                [&](const auto& q) { return q.id == cell.kernel.id; });
      if (queue == queues_.end()) {
        queues_.emplace_back().id = cell.kernel.id;
        queue = std::prev(queues_.end());
      }
      queue->cells.push_back(&cell);
    }
  }

  Plan remaining_plan() const {
    Plan plan;
    for (const KernelQueue& queue : queues_) {
      for (const Cell* cell : queue.cells) plan.cells.push_back(*cell);
    }
    return plan;
  }

  void find_kernels() {
    for (KernelQueue& queue : queues_) {
      queue.kernel.emplace(kernels_.find(queue.id));
      if (!*queue.kernel) announce_([&](Listener& l) { l.notice(queue.kernel->error().message); });
    }
  }

  /// The BTF that cases given as C are compiled against: always the same kernel's where it can be
  /// had, because another header makes another object; else any kernel's of the run.
  void choose_headers(Arch arch) {
    const Result<Kernel> usual =
        kernels_.find(fmt::format("{}{}", kHeadersKernel, to_string(arch)));
    if (usual && usual->btf) return objects_.compile_against(arch, usual->btf->file);
    for (const KernelQueue& queue : queues_) {
      const Result<Kernel>& kernel = *queue.kernel;
      const KernelBtf* btf = kernel && kernel->arch == arch ? btf_to_embed(*kernel) : nullptr;
      if (btf != nullptr) objects_.compile_against(arch, btf->file);
    }
  }

  static bool is_ours(const ObjectSpec& object) {
    return !std::holds_alternative<DebObject>(object);
  }

  /// Without a kernel of its architecture an object is not needed, and may want that kernel's BTF.
  bool any_kernel_of(Arch arch) const {
    return std::any_of(queues_.begin(), queues_.end(), [&](const KernelQueue& queue) {
      return *queue.kernel && (*queue.kernel)->arch == arch;
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

  /// A worker serves one kernel until nothing is left there, then looks for another.
  void work() {
    while (KernelQueue* queue = claim_kernel()) serve(*queue);
  }

  KernelQueue* claim_kernel() {
    const std::lock_guard lock(mutex_);
    if (failure_) return nullptr;
    KernelQueue* best = nullptr;
    for (KernelQueue& queue : queues_) {
      const bool worth =
          queue.workers == 0 ? !queue.cells.empty() : queue.cells.size() >= kWorthSharing;
      if (!worth) continue;
      const auto rank = [](const KernelQueue& q) {
        return std::make_pair(q.workers == 0, q.cells.size());
      };
      if (best == nullptr || rank(queue) > rank(*best)) best = &queue;
    }
    if (best != nullptr) ++best->workers;
    return best;
  }

  const Cell* next_cell(KernelQueue& queue) {
    const std::lock_guard lock(mutex_);
    if (failure_ || queue.cells.empty()) return nullptr;
    const Cell* cell = queue.cells.front();
    queue.cells.pop_front();
    return cell;
  }

  void serve(KernelQueue& queue) {
    std::unique_ptr<GuestVm> vm;
    while (const Cell* cell = next_cell(queue)) run_one(queue, *cell, vm);
    const std::lock_guard lock(mutex_);
    if (--queue.workers == 0) queue.types.forget();
  }

  void run_one(KernelQueue& queue, const Cell& cell, std::unique_ptr<GuestVm>& vm) {
    const CaseSpec& spec = input_.cases.at(cell.case_id);
    const Result<ObjectFile>& object = found_.at({cell.case_id, cell.kernel.arch});
    const Result<Kernel>& kernel = *queue.kernel;
    if (std::optional<Outcome> outcome = outcome_without_guest(cell, spec, kernel, object))
      return finish(*outcome);
    const auto start = Clock::now();
    const auto command = input_.commands.find({cell.loader, cell.kernel.arch});
    CellInput in{&cell, &spec, &*kernel, &*object, &queue.types};
    if (command != input_.commands.end()) in.command = &command->second;
    in.timeout = settings_.cell_timeout;
    CellResult result = run_in_guest(in, queue, vm);
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    result.outcome.wall_ms = wall.count();
    add_facts(result.outcome);
    keep_logs(result);
    for (const std::string& text : result.notices) {
      announce_([&](Listener& l) { l.notice(text); });
    }
    finish(result.outcome);
  }

  CellResult run_in_guest(const CellInput& input, KernelQueue& queue,
                          std::unique_ptr<GuestVm>& vm) {
    CellResult result;
    if (const std::optional<VmExit> failed = ensure_guest(queue, *input.kernel, vm)) {
      result.outcome = outcome_before_run(*input.cell, *input.spec, input.kernel, input.object);
      take_exit(result.outcome, *failed);
      return result;
    }
    announce_([&](Listener& l) { l.cell_started(*input.cell); });
    result = run_cell(vm->session(), input);
    result.outcome.accel = to_string(vm->accel());
    result.outcome.ready_ms = vm->ready_after().count();
    const bool session_over = vm->session().state() != SessionState::ready;
    if (session_over) take_exit(result.outcome, vm->give_up(result.outcome.end_reason));
    if (session_over || result.guest_spoiled || result.outcome.end != End::completed) vm.reset();
    return result;
  }

  /// Boots a guest if there is none; what went wrong when that failed twice.
  std::optional<VmExit> ensure_guest(KernelQueue& queue, const Kernel& kernel,
                                     std::unique_ptr<GuestVm>& vm) {
    std::optional<VmExit> failed;
    for (int attempt = 0; vm == nullptr && attempt < kMaxBootAttempts; ++attempt) {
      announce_([&](Listener& l) { l.kernel_booting(kernel.id); });
      const Result<Accel> accel = choose_accel_for(kernel);
      if (!accel) return VmExit{End::unavailable, accel.error().message, ""};
      auto booted = GuestVm::boot(kernel, *accel,
                                  dir_.console_log(kernel.id, next_vm_number(queue)), settings_);
      if (auto* guest = std::get_if<std::unique_ptr<GuestVm>>(&booted)) {
        vm = std::move(*guest);
        if (failed = learn(kernel, vm); failed) continue;
        announce_([&](Listener& l) { l.kernel_ready(kernel.id, vm->ready_after()); });
        return std::nullopt;
      }
      failed = std::get<VmExit>(std::move(booted));
    }
    return failed;
  }

  /// What the kernel is, before it is given cells. That this could not be found out costs no cell,
  /// but a guest that did not survive it is another to boot.
  std::optional<VmExit> learn(const Kernel& kernel, std::unique_ptr<GuestVm>& vm) {
    const Result<> learnt = facts_.learn(kernel, vm->session());
    if (learnt) return std::nullopt;
    announce_([&](Listener& l) { l.notice(learnt.error().message); });
    if (vm->session().state() == SessionState::ready) return std::nullopt;
    VmExit exit = vm->give_up(learnt.error().message);
    vm.reset();
    return exit;
  }

  void add_facts(Outcome& outcome) {
    const KernelFactsKeeper::Known* known = facts_.find(outcome.kernel.id);
    if (known == nullptr) return;
    outcome.kernel.facts = known->sha256;
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

  int next_vm_number(KernelQueue& queue) {
    const std::lock_guard lock(mutex_);
    return ++queue.vms_started;
  }

  static void take_exit(Outcome& outcome, const VmExit& exit) {
    outcome.end = exit.end;
    outcome.end_reason = exit.reason;
    outcome.console_tail = exit.console_tail;
  }

  /// What is known without booting anything: that the kernel or the object cannot be had, or that
  /// the object is none.
  static std::optional<Outcome> outcome_without_guest(const Cell& cell, const CaseSpec& spec,
                                                      const Result<Kernel>& kernel,
                                                      const Result<ObjectFile>& object) {
    Outcome outcome =
        outcome_before_run(cell, spec, kernel ? &*kernel : nullptr, object ? &*object : nullptr);
    if (kernel && object && object->problem) {
      outcome.end = End::completed;
      outcome.open = {StageResult::refused, "", object->problem->message};
      return outcome;
    }
    outcome.end = End::unavailable;
    if (!kernel) outcome.end_reason = kernel.error().message;
    if (kernel && !object) outcome.end_reason = object.error().message;
    if (kernel && cell.btf == BtfSource::embedded && btf_to_embed(*kernel) == nullptr) {
      outcome.end_reason = fmt::format("kernel '{}' has no BTF that could be embedded", kernel->id);
    }
    if (outcome.end_reason.empty()) return std::nullopt;
    return outcome;
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
    if (const Result<> written = dir_.append(outcome); !written) fail(written.error());
    announce_([&](Listener& l) { l.cell_finished(outcome); });
  }

  void fail(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }

  const RunInput& input_;
  const KernelFinder& kernels_;
  const RunSettings& settings_;
  RunDir& dir_;
  Announcer announce_;
  ObjectFinder objects_;
  KernelFactsKeeper facts_;
  std::map<std::pair<std::string, Arch>, Result<ObjectFile>> found_{};
  std::deque<KernelQueue> queues_{};
  std::mutex mutex_{};
  std::mutex accel_mutex_{};
  std::set<std::string> said_{};
  std::optional<Error> failure_{};
};

}  // namespace

Result<> run_plan(const RunInput& input, const KernelFinder& kernels, const RunSettings& settings,
                  RunDir& dir, Listener& listener) {
  return Scheduler(input, kernels, settings, dir, listener).run();
}

}  // namespace bpfmatrix
