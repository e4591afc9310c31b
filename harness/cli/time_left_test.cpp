#include "cli/time_left.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

/// One long cell and 100 short ones, 2 at a time: 60 s of work, 30 s of time.
TimeLeft a_run() {
  TimeLeft time;
  time.set_jobs(2);
  time.add("long", 40s);
  for (int i = 0; i < 100; ++i) time.add(std::to_string(i), 200ms);
  return time;
}

TEST(TimeLeftOf, a_run_that_has_just_begun_is_what_earlier_ones_took) {
  EXPECT_EQ(a_run().after(0s), 30s);
}

TEST(TimeLeftOf, long_cells_that_come_first_do_not_make_the_rest_long) {
  TimeLeft time = a_run();
  time.finished("long", true);
  EXPECT_EQ(time.after(20s), 10s) << "the mean of what is done would be 40 s a cell: 2000 s";
}

TEST(TimeLeftOf, a_slower_machine_shows_more_and_more) {
  TimeLeft time = a_run();
  time.finished("0", true);
  EXPECT_LT(time.after(200ms), 31s);
  time.finished("long", true);
  EXPECT_GT(time.after(60s), 20s) << "three times as slow so far";
  EXPECT_LT(time.after(60s), 30s);
}

TEST(TimeLeftOf, what_was_known_takes_no_time_and_says_nothing_of_the_machine) {
  TimeLeft time = a_run();
  time.finished("long", false);
  EXPECT_EQ(time.after(0s), 10s);
  for (int i = 0; i < 100; ++i) time.finished(std::to_string(i), false);
  EXPECT_EQ(time.after(5s), 0s);
}

TEST(TimeLeftOf, cells_that_nobody_planned_or_that_end_twice_change_nothing) {
  TimeLeft time = a_run();
  time.finished("another", true);
  time.finished("long", false);
  time.finished("long", true);
  EXPECT_EQ(time.after(0s), 10s);
}

}  // namespace
}  // namespace bpfmatrix
