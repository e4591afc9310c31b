#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace bpfmatrix {

int cores_here() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void for_each_at_once(std::size_t count, int threads,
                      const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto take_all = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (!thrown) thrown = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    const auto useful = std::min(count, static_cast<std::size_t>(std::max(threads, 1)));
    while (others.size() + 1 < useful) others.emplace_back(take_all);
    take_all();
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace bpfmatrix
