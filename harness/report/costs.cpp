#include "matrix/shard.h"
#include "outcome/conclusive.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

struct Average {
  std::int64_t sum = 0;
  std::int64_t count = 0;

  void add(std::int64_t value) {
    sum += value;
    ++count;
  }
  std::int64_t rounded() const { return (sum + count / 2) / count; }
};

std::map<std::string, std::int64_t> rounded(const std::map<std::string, Average>& averages) {
  std::map<std::string, std::int64_t> all;
  for (const auto& [name, average] : averages) all.emplace(name, average.rounded());
  return all;
}

}  // namespace

Result<std::string> render_costs(const Cells& cells) {
  Average any;
  std::map<std::string, Average> kernels;
  std::map<std::string, Average> cases;
  const Result<> read = cells([&](const std::vector<Outcome>& part) {
    for (const Outcome& outcome : part) {
      // What had no guest, or lost it, or is recalled, says nothing of what a cell takes.
      if (!has_result(outcome) || outcome.vm.wall_ms <= 0) continue;
      any.add(outcome.vm.wall_ms);
      kernels[outcome.kernel.id].add(outcome.vm.wall_ms);
      cases[outcome.case_id].add(outcome.vm.wall_ms);
    }
  });
  if (!read) return read.error();
  Costs costs{.kernels = rounded(kernels), .cases = rounded(cases)};
  if (any.count > 0) costs.cell_ms = std::max<std::int64_t>(any.rounded(), 1);
  return to_text(costs);
}

}  // namespace bpfmatrix
