#include "matrix/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

/// `sizes`: the number of cells of each kernel.
Plan plan_of(const std::vector<int>& sizes) {
  Plan plan;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    for (int c = 0; c < sizes[k]; ++c) {
      plan.cells.push_back({{"k" + std::to_string(k), Arch::x86_64},
                            "c" + std::to_string(c),
                            BtfSource::kernel,
                            "libbpf"});
    }
  }
  return plan;
}

std::vector<std::string> ids_of_shard(const Plan& plan) {
  std::vector<std::string> ids_of_shard;
  for (const Cell& cell : plan.cells) ids_of_shard.push_back(cell.id());
  return ids_of_shard;
}

std::vector<Plan> parts_of(const Plan& plan, int count, const Costs& costs) {
  std::vector<Plan> parts;
  for (int i = 1; i <= count; ++i) parts.push_back(shard(plan, {i, count}, costs));
  return parts;
}

/// With a boot for each of its kernels.
std::int64_t cost_of(const Plan& part, const Costs& costs) {
  std::set<std::string> kernels;
  std::int64_t cost = 0;
  for (const Cell& cell : part.cells) {
    kernels.insert(cell.kernel.id);
    cost += costs.of(cell);
  }
  return cost + static_cast<std::int64_t>(kernels.size()) * costs.boot_ms;
}

std::int64_t dearest(const std::vector<Plan>& parts, const Costs& costs) {
  std::int64_t most = 0;
  for (const Plan& part : parts) most = std::max(most, cost_of(part, costs));
  return most;
}

/// Of all ways to cut `plan` from `begin` on into stretches.
std::int64_t cheapest_dearest(const Plan& plan, std::size_t begin, int count, const Costs& costs) {
  Plan first;
  std::int64_t best = count == 1 ? INT64_MAX : cheapest_dearest(plan, begin, 1, costs);
  if (count == 1) {
    first.cells.assign(plan.cells.begin() + static_cast<std::ptrdiff_t>(begin), plan.cells.end());
    return cost_of(first, costs);
  }
  for (std::size_t end = begin; end < plan.cells.size(); ++end) {
    first.cells.push_back(plan.cells[end]);
    best = std::min(
        best, std::max(cost_of(first, costs), cheapest_dearest(plan, end + 1, count - 1, costs)));
  }
  return best;
}

/// Kernels and costs by chance, the same in each run of the tests.
class AnyPlan {
 public:
  explicit AnyPlan(std::uint32_t seed) : random_(seed) {}
  std::int64_t number(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint32_t>(high - low + 1));
  }
  Plan plan(int kernels, int cells) {
    std::vector<int> sizes;
    for (int k = 0; k < kernels; ++k) sizes.push_back(static_cast<int>(number(1, cells)));
    return plan_of(sizes);
  }
  Costs costs() {
    Costs costs{.boot_ms = number(0, 9000)};
    for (int i = 0; i < 20; i += 2) {
      costs.kernels["k" + std::to_string(i)] = number(100, 900);
      costs.cases["c" + std::to_string(i)] = number(20, 5000);
    }
    return costs;
  }

 private:
  std::mt19937 random_;
};

TEST(Shards, are_the_plan_in_its_order_and_each_cell_once) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    AnyPlan any(seed);
    const Plan plan = any.plan(12, 30);
    const Costs costs = any.costs();
    for (const int count : {1, 2, 3, 8, 40}) {
      std::vector<std::string> together;
      for (const Plan& part : parts_of(plan, count, costs)) {
        for (const std::string& id : ids_of_shard(part)) together.push_back(id);
      }
      ASSERT_EQ(together, ids_of_shard(plan)) << seed << ", in " << count;
    }
  }
}

TEST(Shards, cost_at_most_a_cell_and_two_boots_more_than_the_average) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    AnyPlan any(seed);
    const Plan plan = any.plan(12, 30);
    const Costs costs = any.costs();
    std::int64_t dearest_cell = 0;
    for (const Cell& cell : plan.cells) dearest_cell = std::max(dearest_cell, costs.of(cell));
    for (const int count : {2, 3, 8, 40}) {
      EXPECT_LE(dearest(parts_of(plan, count, costs), costs),
                cost_of(plan, costs) / count + dearest_cell + 2 * costs.boot_ms + 1)
          << seed << ", in " << count;
    }
  }
}

TEST(Shards, no_other_cut_into_stretches_has_a_cheaper_dearest_part) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    AnyPlan any(seed);
    const Plan plan = any.plan(3, 4);
    const Costs costs = any.costs();
    for (const int count : {2, 3, 4}) {
      EXPECT_EQ(dearest(parts_of(plan, count, costs), costs),
                cheapest_dearest(plan, 0, count, costs))
          << seed << ", in " << count;
    }
  }
}

TEST(Shards, leave_a_kernel_whole_where_that_costs_nothing) {
  const Costs costs{.boot_ms = 4000, .cell_ms = 300};
  // The second and third kernel decide; the room beside the first would be for a piece of the
  // second.
  const std::vector<Plan> parts = parts_of(plan_of({2, 20, 20}), 3, costs);
  for (std::size_t i = 0; i < 3; ++i) {
    std::set<std::string> kernels;
    for (const Cell& cell : parts[i].cells) kernels.insert(cell.kernel.id);
    EXPECT_EQ(kernels, std::set<std::string>{"k" + std::to_string(i)});
  }
}

TEST(Shards, cut_a_kernel_that_is_most_of_the_plan) {
  const Costs costs{.boot_ms = 100, .cell_ms = 300};
  const std::vector<Plan> parts = parts_of(plan_of({40}), 4, costs);
  for (const Plan& part : parts) EXPECT_EQ(part.cells.size(), 10U);
}

TEST(Shards, more_of_them_than_cells_are_one_for_each_cell_and_empty_ones) {
  const Plan plan = plan_of({2, 1});
  std::size_t cells = 0;
  for (const Plan& part : parts_of(plan, 10, Costs{.boot_ms = 1})) {
    EXPECT_LE(part.cells.size(), 1U);
    cells += part.cells.size();
  }
  EXPECT_EQ(cells, 3U);
  EXPECT_TRUE(shard(plan, {2'000'000'000, 2'000'000'000}, {}).cells.empty());
  EXPECT_TRUE(shard(Plan{}, {1, 2}, {}).cells.empty());
}

TEST(Costs, of_a_cell_are_those_of_its_kernel_times_those_of_its_case) {
  const Costs costs{
      .cell_ms = 300, .kernels = {{"k0", 600}, {"k1", INT32_MAX}}, .cases = {{"c0", 100}}};
  const Plan plan = plan_of({2, 1, 1});
  EXPECT_EQ(costs.of(plan.cells[0]), 200);
  EXPECT_EQ(costs.of(plan.cells[1]), 600) << "an unknown case is like any";
  EXPECT_EQ(costs.of(plan.cells[2]), 86'400'000) << "a day at most";
  EXPECT_EQ(costs.of(plan.cells[3]), 100) << "an unknown kernel is like any";
}

TEST(Costs, come_back_from_their_file) {
  const Result<TempDir> dir = TempDir::create();
  const auto file = dir->path() / "costs.json";
  const Costs costs{.boot_ms = 1, .cell_ms = 2, .kernels = {{"k", 3}}, .cases = {{"c", 4}}};
  ASSERT_TRUE(write_file(file, to_text(costs)));
  const auto read = read_costs(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_text(*read), to_text(costs));
}

TEST(Costs, that_are_none_are_one_error) {
  const Result<TempDir> dir = TempDir::create();
  const auto file = dir->path() / "costs.json";
  const auto error_of = [&](const std::string& text) {
    EXPECT_TRUE(write_file(file, text));
    const auto read = read_costs(file);
    EXPECT_FALSE(read);
    return read ? "" : read.error().message;
  };
  const std::string rest = R"("boot_ms": 1, "kernels": {}, "cases": {})";
  EXPECT_THAT(error_of("{\"schema\": 1, \"cell_ms\": 0, " + rest + "}"), HasSubstr("cell_ms"));
  EXPECT_THAT(error_of("{\"schema\": 2, \"cell_ms\": 1, " + rest + "}"), HasSubstr("schema"));
  EXPECT_THAT(
      error_of(R"({"schema": 1, "boot_ms": 1, "cell_ms": 1, "kernels": {"k": -1}, "cases": {}})"),
      HasSubstr("a cost is not in 0 to 86400000 ms"));
  EXPECT_THAT(error_of("[]"), HasSubstr("costs.json"));
}

}  // namespace
}  // namespace bpfmatrix
