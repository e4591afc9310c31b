#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace bpfmatrix {

int cores_here() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void for_each_at_once(std::size_t count, int threads,
                      const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto take_all = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  const auto useful = std::min(count, static_cast<std::size_t>(std::max(threads, 1)));
  while (others.size() + 1 < useful) others.emplace_back(take_all);
  take_all();
}

}  // namespace bpfmatrix
