// A plan in parts of about the same cost, for machines that know nothing of each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "matrix/plan.h"

namespace bpfmatrix {

/// Part `index` (from 1) of `count` of a plan.
struct Shard {
  int index = 1;
  int count = 1;
};
/// "I/N"; of an empty text the whole plan. Error: it is no such thing.
Result<Shard> parse_shard(const std::string& text);

/// What cells cost, in milliseconds, as a file says (`report RUN --format costs` writes it). Not
/// what the store of this machine knows: each machine has another, and all must cut at the same
/// places.
struct Costs {
  /// Of a kernel, once, before its first cell: it is booted, frozen and compared with a clone.
  std::int64_t boot_ms = 4000;
  /// Of a cell, on average.
  std::int64_t cell_ms = 350;
  /// Of a cell of this kernel, and of this case, on average. Others are like any cell.
  std::map<std::string, std::int64_t> kernels{};
  std::map<std::string, std::int64_t> cases{};

  std::int64_t of(const Cell& cell) const;
};
/// Error: file, key and problem.
Result<Costs> read_costs(const std::filesystem::path& file);
std::string to_text(const Costs& costs);

/// One part of a plan, in the plan's order; empty where there are more parts than cells. The same
/// plan and costs give the same parts everywhere, and all parts together are the plan, each cell
/// once. A part is a stretch of the plan, so that few kernels are booted for two parts. Of all cuts
/// into stretches it has the one whose dearest part is the cheapest, which is at most a cell and
/// two boots above the average; of those, one that leaves kernels whole where it can.
Plan shard(const Plan& plan, const Shard& part, const Costs& costs);

}  // namespace bpfmatrix
