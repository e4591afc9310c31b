#include "run/cell_queue.h"

#include <algorithm>

namespace bpfmatrix {

void CellQueue::add(const QueuedCell& cell) {
  const std::string& id = cell.cell->kernel.id;
  auto kernel =
      std::find_if(kernels_.begin(), kernels_.end(), [&](const auto& k) { return k.id == id; });
  if (kernel == kernels_.end()) {
    kernels_.emplace_back().id = id;
    kernel = std::prev(kernels_.end());
  }
  // Of two that take as long, the one that was added first is served first.
  const auto at =
      std::lower_bound(kernel->cells.begin(), kernel->cells.end(), cell,
                       [](const auto& a, const auto& b) { return a.expected < b.expected; });
  kernel->cells.insert(at, cell);
  kernel->expected += cell.expected;
  ++left_;
}

std::vector<std::string> CellQueue::kernels() const {
  std::vector<std::string> ids;
  for (const KernelCells& kernel : kernels_) ids.push_back(kernel.id);
  return ids;
}

bool CellQueue::before(const KernelCells& a, const KernelCells& b) const {
  switch (isolation_) {
    case Isolation::cell:
      return a.cells.back().expected > b.cells.back().expected;
    case Isolation::kernel:
      return a.expected / (a.workers + 1) > b.expected / (b.workers + 1);
  }
  return false;
}

std::optional<std::size_t> CellQueue::choose(std::optional<std::size_t> at, bool only_ready) const {
  const bool stays = isolation_ == Isolation::kernel && at && !kernels_[*at].cells.empty();
  if (stays) return at;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    const KernelCells& kernel = kernels_[i];
    if (kernel.cells.empty() || kernel.state == State::preparing) continue;
    if (only_ready && kernel.state != State::ready) continue;
    if (!best || before(kernel, kernels_[*best])) best = i;
  }
  return best;
}

CellQueue::Task CellQueue::take_cell(std::size_t kernel, std::optional<std::size_t> at) {
  KernelCells& from = kernels_[kernel];
  if (at != kernel) {
    ++from.workers;
    if (at) leave(*at);
  }
  const QueuedCell taken = from.cells.back();
  from.cells.pop_back();
  from.expected -= taken.expected;
  --left_;
  return {kernel, taken.cell};
}

std::optional<CellQueue::Task> CellQueue::take(std::optional<std::size_t> at) {
  const auto kernel = choose(at, false);
  if (!kernel) return std::nullopt;
  if (kernels_[*kernel].state == State::ready) return take_cell(*kernel, at);
  kernels_[*kernel].state = State::preparing;
  return Task{*kernel, nullptr};
}

std::optional<CellQueue::Task> CellQueue::take_ready(std::optional<std::size_t> at) {
  const auto kernel = choose(at, true);
  return kernel ? std::optional(take_cell(*kernel, at)) : std::nullopt;
}

void CellQueue::prepared(std::size_t kernel) { kernels_[kernel].state = State::ready; }

void CellQueue::leave(std::size_t kernel) { --kernels_[kernel].workers; }

}  // namespace bpfmatrix
