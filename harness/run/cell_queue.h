// Which cell is next. Pure: knows nothing of threads and machines.
//
// With a guest per cell the longest cells of all kernels come first, so that no core is left with a
// long one at the end. With a guest per kernel a worker stays with its kernel while that has cells,
// and then goes where most is left for each of those who work there.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "matrix/plan.h"
#include "run/settings.h"

namespace bpfmatrix {

class CellQueue {
 public:
  /// What a worker is to do.
  struct Task {
    std::size_t kernel = 0;
    /// nullptr: the kernel has to be prepared before any of its cells can be run.
    const Cell* cell = nullptr;
  };
  struct QueuedCell {
    const Cell* cell = nullptr;
    std::chrono::milliseconds expected{};
  };

  explicit CellQueue(Isolation isolation) : isolation_(isolation) {}

  void add(const QueuedCell& cell);

  /// The ids of the kernels in the order in which they came; an index into it is a kernel's number.
  std::vector<std::string> kernels() const;
  bool empty() const { return left_ == 0; }

  /// Nothing: there is none, or what there is waits for kernels that others prepare. `at` is the
  /// kernel that the worker has a guest of.
  std::optional<Task> take(std::optional<std::size_t> at);
  /// The same, but only a cell whose kernel is prepared.
  std::optional<Task> take_ready(std::optional<std::size_t> at);
  /// What take() gave out as a task is done.
  void prepared(std::size_t kernel);
  /// A worker has left this kernel.
  void leave(std::size_t kernel);

 private:
  enum class State { unprepared, preparing, ready };
  struct KernelCells {
    std::string id{};
    State state = State::unprepared;
    /// The next one is the last.
    std::vector<QueuedCell> cells{};
    std::chrono::milliseconds expected{};
    int workers = 0;
  };

  /// Whether `a` should be served before `b`.
  bool before(const KernelCells& a, const KernelCells& b) const;
  std::optional<std::size_t> choose(std::optional<std::size_t> at, bool only_ready) const;
  Task take_cell(std::size_t kernel, std::optional<std::size_t> at);

  Isolation isolation_;
  std::vector<KernelCells> kernels_{};
  std::size_t left_ = 0;
};

}  // namespace bpfmatrix
