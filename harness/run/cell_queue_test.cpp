#include "run/cell_queue.h"

#include <gtest/gtest.h>

#include <deque>

namespace bpfmatrix {
namespace {

using std::chrono::milliseconds;

class CellQueueTest : public ::testing::Test {
 protected:
  void add(CellQueue& queue, const std::string& kernel, const std::string& name, int ms) {
    Cell& cell = cells_.emplace_back();
    cell.kernel.id = kernel;
    cell.case_id = name;
    queue.add({&cell, milliseconds(ms)});
  }

  /// The case ids in the order in which one worker gets them; kernels are prepared at once.
  static std::string order(CellQueue& queue) {
    std::string names;
    std::optional<std::size_t> at;
    while (const auto task = queue.take(at)) {
      if (task->cell == nullptr) {
        queue.prepared(task->kernel);
        continue;
      }
      at = task->kernel;
      names += task->cell->case_id;
    }
    return names;
  }

  std::deque<Cell> cells_{};
};

TEST_F(CellQueueTest, the_longest_cell_of_all_kernels_comes_first) {
  CellQueue queue(Isolation::cell);
  add(queue, "A", "a", 10);
  add(queue, "B", "b", 30);
  add(queue, "A", "c", 20);
  add(queue, "B", "d", 5);
  EXPECT_EQ(order(queue), "bcad");
  EXPECT_TRUE(queue.empty());
}

TEST_F(CellQueueTest, of_two_that_take_as_long_the_plan_s_first_comes_first) {
  CellQueue queue(Isolation::cell);
  for (const char* name : {"a", "b", "c"}) add(queue, "A", name, 10);
  add(queue, "B", "d", 10);
  EXPECT_EQ(order(queue), "abcd");
}

TEST_F(CellQueueTest, a_worker_stays_with_the_kernel_whose_guest_it_has) {
  CellQueue queue(Isolation::kernel);
  add(queue, "A", "a", 10);
  add(queue, "B", "b", 30);
  add(queue, "A", "c", 25);
  add(queue, "B", "d", 20);
  EXPECT_EQ(order(queue), "bdca");
}

TEST_F(CellQueueTest, another_worker_goes_where_most_is_left_for_each) {
  CellQueue queue(Isolation::kernel);
  for (int i = 0; i < 4; ++i) add(queue, "A", "a", 25);
  for (int i = 0; i < 2; ++i) add(queue, "B", "b", 30);
  queue.prepared(0);
  queue.prepared(1);
  EXPECT_EQ(queue.take(std::nullopt)->kernel, 0U);  // 100 against 60
  EXPECT_EQ(queue.take(std::nullopt)->kernel, 1U);  // 75 for two against 60
  EXPECT_EQ(queue.take(1)->kernel, 1U);
  EXPECT_EQ(queue.take(1)->kernel, 0U);
}

TEST_F(CellQueueTest, a_kernel_is_prepared_by_one_worker_while_others_go_on) {
  CellQueue queue(Isolation::cell);
  add(queue, "A", "a", 30);
  add(queue, "B", "b", 10);
  EXPECT_EQ(queue.take(std::nullopt)->cell, nullptr);
  const auto other = queue.take(std::nullopt);
  EXPECT_EQ(other->kernel, 1U);
  EXPECT_EQ(other->cell, nullptr);
  EXPECT_FALSE(queue.take(std::nullopt));
  EXPECT_FALSE(queue.empty());
  queue.prepared(1);
  EXPECT_EQ(queue.take(std::nullopt)->cell->case_id, "b");
  EXPECT_FALSE(queue.take(1));
  queue.prepared(0);
  EXPECT_EQ(queue.take(1)->cell->case_id, "a");
}

TEST_F(CellQueueTest, a_ready_cell_is_one_whose_kernel_need_not_be_prepared) {
  CellQueue queue(Isolation::cell);
  add(queue, "A", "a", 30);
  add(queue, "B", "b", 10);
  EXPECT_FALSE(queue.take_ready(std::nullopt));
  queue.prepared(1);
  EXPECT_EQ(queue.take_ready(std::nullopt)->cell->case_id, "b");
}

}  // namespace
}  // namespace bpfmatrix
