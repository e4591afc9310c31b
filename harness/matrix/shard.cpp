#include "matrix/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "base/json_fields.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxCostsBytes = 16 << 20;
constexpr int kCostsSchema = 1;
/// A day: so that no sum of them is too large.
constexpr std::int64_t kMaxMs = std::int64_t{24} * 3600 * 1000;

std::int64_t known_or(const std::map<std::string, std::int64_t>& known, const std::string& id,
                      std::int64_t otherwise) {
  const auto found = known.find(id);
  return found == known.end() ? otherwise : found->second;
}

/// Cuts a plan into stretches.
class Cutter {
 public:
  Cutter(const Plan& plan, const Costs& costs) : plan_(plan), boot_ms_(costs.boot_ms) {
    for (const Cell& cell : plan.cells) costs_.push_back(costs.of(cell));
  }

  /// Where each part ends.
  std::vector<std::size_t> cut(int parts) const {
    const std::int64_t limit = cheapest_limit(parts);
    std::vector<std::size_t> ends;
    std::size_t begin = 0;
    for (int left = parts - 1; left >= 0; --left) {
      std::size_t end = fill(begin, limit);
      const std::size_t kernel = begin_of_kernel(end);
      if (kernel > begin && fits(kernel, limit, left)) end = kernel;
      ends.push_back(end);
      begin = end;
    }
    return ends;
  }

 private:
  bool begins_kernel(std::size_t cell) const {
    return cell == 0 || plan_.cells[cell].kernel.id != plan_.cells[cell - 1].kernel.id;
  }
  /// Of the kernel that a cut here would divide.
  std::size_t begin_of_kernel(std::size_t cell) const {
    if (cell == costs_.size()) return cell;
    while (!begins_kernel(cell)) --cell;
    return cell;
  }
  std::int64_t cost_in_part(std::size_t cell, std::size_t begin) const {
    return costs_[cell] + (cell == begin || begins_kernel(cell) ? boot_ms_ : 0);
  }

  /// The end of the longest part from `begin` that costs no more.
  std::size_t fill(std::size_t begin, std::int64_t limit) const {
    std::int64_t cost = 0;
    std::size_t end = begin;
    while (end < costs_.size()) {
      cost += cost_in_part(end, begin);
      if (cost > limit) break;
      ++end;
    }
    return end;
  }

  bool fits(std::size_t begin, std::int64_t limit, int parts) const {
    for (; parts > 0 && begin < costs_.size(); --parts) {
      const std::size_t end = fill(begin, limit);
      if (end == begin) return false;
      begin = end;
    }
    return begin == costs_.size();
  }

  std::int64_t cheapest_limit(int parts) const {
    std::int64_t low = 0;
    std::int64_t high = 0;
    for (const std::int64_t cost : costs_) high += cost + boot_ms_;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (fits(0, middle, parts)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  const Plan& plan_;
  std::int64_t boot_ms_;
  std::vector<std::int64_t> costs_{};
};

bool are_times(const std::map<std::string, std::int64_t>& times) {
  return std::all_of(times.begin(), times.end(),
                     [](const auto& one) { return one.second >= 0 && one.second <= kMaxMs; });
}

}  // namespace

void fields(auto& field, Of<Costs> auto& c) {
  field.constant("schema", kCostsSchema, "version of this format");
  field("boot_ms", within<0, kMaxMs>(c.boot_ms), "of a kernel, once, before its first cell");
  field("cell_ms", within<1, kMaxMs>(c.cell_ms), "of a cell, on average");
  field("kernels", c.kernels, "of a cell of this kernel, on average");
  field("cases", c.cases, "of a cell of this case, on average");
}

Result<Shard> parse_shard(const std::string& text) {
  Shard shard;
  char rest = 0;
  if (text.empty()) return shard;
  const int read = std::sscanf(text.c_str(), "%d/%d%c", &shard.index, &shard.count, &rest);
  if (read == 2 && shard.count >= 1 && shard.index >= 1 && shard.index <= shard.count) return shard;
  return Error{fmt::format("--shard '{}': wanted I/N with 1 <= I <= N, as in 2/4", text)};
}

std::int64_t Costs::of(const Cell& cell) const {
  const std::int64_t kernel = known_or(kernels, cell.kernel.id, cell_ms);
  return std::min(kernel * known_or(cases, cell.case_id, cell_ms) / cell_ms, kMaxMs);
}

Result<Costs> read_costs(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kMaxCostsBytes);
  if (!text) return text.error();
  Result<Costs> costs = from_json_text<Costs>(*text, file.string());
  if (costs && !(are_times(costs->kernels) && are_times(costs->cases)))
    return file_error(file, Error{fmt::format("a cost is not in 0 to {} ms", kMaxMs)});
  return costs;
}

std::string to_text(const Costs& costs) { return json_text(to_json_tree(costs), 1) + "\n"; }

Plan shard(const Plan& plan, const Shard& part, const Costs& costs) {
  if (part.count == 1) return plan;
  // More parts than cells are the same as one for each cell, and as many that are empty.
  const int cells = static_cast<int>(std::min<std::size_t>(plan.cells.size(), 1U << 30));
  if (part.index > cells) return {};
  const std::vector<std::size_t> ends = Cutter(plan, costs).cut(std::min(part.count, cells));
  const auto at = static_cast<std::size_t>(part.index) - 1;
  const std::size_t begin = at == 0 ? 0 : ends[at - 1];
  Plan chosen;
  chosen.cells.assign(plan.cells.begin() + static_cast<std::ptrdiff_t>(begin),
                      plan.cells.begin() + static_cast<std::ptrdiff_t>(ends[at]));
  return chosen;
}

}  // namespace bpfmatrix
