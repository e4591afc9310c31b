#include "run/work.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "run/machines/guest_vm.h"

namespace bpfmatrix {

namespace {

std::chrono::milliseconds ms_since(Clock::time_point start, const TimeSource& time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.now() - start);
}

}  // namespace

Work::Work(const RunParts& parts, const RunWorld& world, const RunSettings& settings, RunDir& dir,
           KernelFactsKeeper& facts, CellTimes& times, Record& record, Announcer& announce)
    : parts_(parts),
      world_(world),
      settings_(settings),
      dir_(dir),
      facts_(facts),
      times_(times),
      record_(record),
      announce_(announce),
      attempts_{
          settings.isolation,
          settings.spare_core,
          world.time,
          [this](const Cell& cell) {
            return dir_.console_log(cell.kernel.id, ++parts_.kernel_of(cell).booted);
          },
          [this](const Cell& cell, const std::string& text) {
            if (Result<> kept = dir_.keep_console(cell.id(), text); !kept)
              record_.fail(kept.error());
          },
          [this](const Cell& cell) { announce_([&](Listener& l) { l.cell_started(cell); }); }},
      queue_(settings.isolation) {}

void Work::add(const Cell& cell) {
  ++parts_.kernel_of(cell).cells_left;
  queue_.add({&cell, times_.expected(cell)});
}

void Work::run() {
  queued_ = queue_.kernels();
  std::vector<std::thread> workers;
  for (int i = 0; i < settings_.jobs; ++i) workers.emplace_back([this] { work_or_stop(); });
  for (std::thread& worker : workers) worker.join();
  if (bug_) std::rethrow_exception(bug_);
}

/// An exception is a bug of ours. It ends the run, and not the process: what was found out is
/// written down, and the run can be resumed.
void Work::work_or_stop() {
  try {
    work();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!bug_) bug_ = std::current_exception();
    prepared_.notify_all();
  }
}

RunKernel& Work::kernel_of(const CellQueue::Task& task) {
  return *parts_.kernels.at(queued_[task.kernel]);
}

/// The cell after the one at hand is claimed before that is run, so that its machine can be started
/// meanwhile.
void Work::work() {
  Attempts attempts(attempts_);
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
    run_one(attempts, *task, next ? kernel_of(*next).guests.get() : nullptr);
    task = next ? next : wait_for_task(at);
  }
}

std::optional<CellQueue::Task> Work::wait_for_task(std::optional<std::size_t> at) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (bug_ || record_.failure() || queue_.empty()) return std::nullopt;
    if (auto task = queue_.take(at)) return task;
    prepared_.wait(lock);
  }
}

std::optional<CellQueue::Task> Work::take_ready(std::optional<std::size_t> at) {
  const std::lock_guard lock(mutex_);
  return bug_ || record_.failure() ? std::nullopt : queue_.take_ready(at);
}

void Work::prepare(const CellQueue::Task& task) {
  RunKernel& kernel = kernel_of(task);
  const std::string& id = queued_[task.kernel];
  announce_([&](Listener& l) { l.kernel_booting(id); });
  const Clock::time_point start = world_.time.now();
  kernel.no_guests = kernel.guests->prepare([&](Guests& guests) { return learn(kernel, guests); });
  const auto took = ms_since(start, world_.time);
  announce_([&](Listener& l) { l.kernel_ready(id, took); });
  const std::lock_guard lock(mutex_);
  queue_.prepared(task.kernel);
  prepared_.notify_all();
}

/// What the kernel is, before it is given cells; that this could not be found out costs none.
std::optional<KernelFacts> Work::learn(RunKernel& kernel, Guests& guests) {
  const Result<> learnt = facts_.learn(*kernel.kernel(), [&]() -> Result<KernelFacts> {
    GuestOrExit got = guests.boot(dir_.console_log(kernel.kernel()->id, 0));
    if (const auto* exit = std::get_if<VmExit>(&got)) return Error{exit->reason};
    Guest& guest = *std::get<std::unique_ptr<Guest>>(got);
    return learn_kernel(settings_.fetch.store, *kernel.kernel(), guest.session());
  });
  if (!learnt && !record_.failure())
    announce_.notice(fmt::format("{}: {}", kernel.kernel()->id, learnt.error().message));
  const KernelFactsKeeper::Known* known = facts_.find(kernel.kernel()->id);
  if (known == nullptr) return std::nullopt;
  compare_given_btf(kernel, known->facts);
  return known->facts;
}

/// BTF does not say whose it is, its functions may.
void Work::compare_given_btf(RunKernel& kernel, const KernelFacts& facts) {
  for (const KernelBtf& given : kernel.kernels.given()) {
    const std::optional<BtfShare> share = share_in_kernel(given, facts.symbols);
    if (!share) continue;
    kernel.given_shares.emplace(given.sha256, *share);
    if (share->looks_alike().value_or(true)) continue;
    announce_.notice(
        fmt::format("{}: '{}' does not look like the BTF of this kernel, which has {} of its {} "
                    "functions: what is read with it may be wrong",
                    kernel.kernel()->id, given.file.string(), share->alike, share->compared));
  }
}

/// Another part of the plan each day.
bool Work::is_cold_checked(const Cell& cell) const {
  if (settings_.cold_check <= 0) return false;
  const auto every = static_cast<std::size_t>(settings_.cold_check);
  const auto position = static_cast<std::size_t>(&cell - parts_.input.plan.cells.data());
  const auto day = static_cast<std::size_t>(world_.time.today().time_since_epoch().count());
  return (position + day) % every == 0;
}

Transcript Work::begin_transcript(const CellInput& input, RunKernel& kernel) const {
  Transcript transcript;
  const Result<std::string> machine = kernel.guests->machine();
  Result<TranscriptInputs> inputs =
      inputs_of(input, machine ? *machine : "", std::string(to_string(settings_.isolation)));
  if (inputs) {
    transcript.inputs = *std::move(inputs);
  } else {
    transcript.inputs.cell = input.cell->id();
    transcript.unavailable = inputs.error().message;
  }
  return transcript;
}

void Work::run_one(Attempts& attempts, const CellQueue::Task& task, Guests* next) {
  const Cell& cell = *task.cell;
  RunKernel& kernel = kernel_of(task);
  const KernelFactsKeeper::Known* known = facts_.find(cell.kernel.id);
  const CellInput input = parts_.input_of(cell, settings_.cell_timeout, world_,
                                          known != nullptr ? &known->facts : nullptr);
  const Clock::time_point start = world_.time.now();
  Transcript transcript = begin_transcript(input, kernel);
  if (kernel.no_guests) {
    transcript.attempts.push_back({.no_machine = kernel.no_guests});
  } else if (transcript.unavailable.empty()) {
    attempts.run(input, *kernel.guests, next, is_cold_checked(cell), transcript);
  }
  times_.took(cell.id(), ms_since(start, world_.time));
  record_.take(cell, transcript);
  if (record_.failure()) {
    const std::lock_guard lock(mutex_);
    prepared_.notify_all();
  }
  if (--kernel.cells_left == 0) kernel.types.forget();
}

}  // namespace bpfmatrix
