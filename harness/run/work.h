// The cells of a run that have to be run: workers, side by side, each with a machine at a time.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "run/announcer.h"
#include "run/attempts.h"
#include "run/cache/cell_times.h"
#include "run/cell_queue.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/record.h"
#include "run/run.h"
#include "run/run_kernel.h"

namespace bpfmatrix {

class Work {
 public:
  Work(const RunParts& parts, const RunWorld& world, const RunSettings& settings, RunDir& dir,
       KernelFactsKeeper& facts, CellTimes& times, Record& record, Announcer& announce);

  void add(const Cell& cell);
  bool empty() const { return queue_.empty(); }
  /// Blocks until every cell that was added is recorded, or the record failed. An exception, which
  /// is a bug of ours, ends the work like a failure, and comes out here.
  void run();

 private:
  void work();
  void work_or_stop();
  std::optional<CellQueue::Task> wait_for_task(std::optional<std::size_t> at);
  std::optional<CellQueue::Task> take_ready(std::optional<std::size_t> at);
  void prepare(const CellQueue::Task& task);
  std::optional<KernelFacts> learn(RunKernel& kernel, Guests& guests);
  void compare_given_btf(RunKernel& kernel, const KernelFacts& facts);
  void run_one(Attempts& attempts, const CellQueue::Task& task, Guests* next);
  Transcript begin_transcript(const CellInput& input, RunKernel& kernel) const;
  bool is_cold_checked(const Cell& cell) const;
  RunKernel& kernel_of(const CellQueue::Task& task);

  const RunParts& parts_;
  const RunWorld& world_;
  const RunSettings& settings_;
  RunDir& dir_;
  KernelFactsKeeper& facts_;
  CellTimes& times_;
  Record& record_;
  Announcer& announce_;
  Attempts::Context attempts_;
  /// Guards the queue and the bug.
  std::mutex mutex_{};
  std::exception_ptr bug_{};
  std::condition_variable prepared_{};
  CellQueue queue_;
  /// The queue's kernels by their numbers.
  std::vector<std::string> queued_{};
};

}  // namespace bpfmatrix
