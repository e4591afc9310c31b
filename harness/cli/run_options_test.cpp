// Options of `run` that are about how, not what: what they come to, and what is wrong with them.
#include <gmock/gmock.h>

#include "cli/exit_code.h"
#include "cli/unavailable_world.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class RunCommandOptions : public testing::Test {
 protected:
  /// A run in which nothing boots: its kernel is unavailable.
  Said run(std::vector<std::string> options) {
    const std::vector<std::string> what{"run",
                                        "--kernel",
                                        "gone-rpm",
                                        "--case",
                                        "ringbuf",
                                        "--out",
                                        world_.path("run-" + std::to_string(++runs_))};
    options.insert(options.begin(), what.begin(), what.end());
    return world_.says(options);
  }

  UnavailableWorld world_{};
  int runs_ = 0;
};

TEST_F(RunCommandOptions, memory_bounds_how_many_vms_there_are_at_a_time) {
  EXPECT_THAT(run({"--jobs", "8"}).err, HasSubstr(", 8 at a time\n"));
  EXPECT_THAT(run({"--jobs", "8", "--memory", "2000"}).err, HasSubstr(", 3 at a time\n"));
  EXPECT_THAT(run({"--jobs", "2", "--memory", "100000"}).err, HasSubstr(", 2 at a time\n"));
  EXPECT_THAT(run({"--memory", "662"}).err, HasSubstr(", 1 at a time\n"));
}

TEST_F(RunCommandOptions, less_memory_than_a_vm_takes_is_one_error) {
  const Said said = run({"--memory", "661"});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_EQ(said.err, "error: --memory '661': one VM takes 662 MiB\n");
  EXPECT_EQ(said.out, "");
}

TEST_F(RunCommandOptions, what_is_no_number_or_none_that_can_be_is_one_error) {
  for (const char* option : {"--memory", "--jobs"}) {
    for (const char* value : {"0", "-1", "much", "99999999999999999999"}) {
      const Said said = run({option, value});
      EXPECT_EQ(said.exit_code, wrong_command) << option << " " << value;
      EXPECT_THAT(said.err, HasSubstr(option));
      EXPECT_EQ(said.out, "");
    }
  }
}

TEST_F(RunCommandOptions, a_part_without_a_cell_has_nothing_to_do_also_when_it_is_resumed) {
  const std::string costs = world_.path("costs.json");
  ASSERT_TRUE(write_file(costs, R"({"schema": 1, "boot_ms": 1, "cell_ms": 1, "kernels": {},
                                    "cases": {}})"));
  const Said said = run({"--shard", "2/2", "--costs", costs});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(said.err, "no cell of the plan is in this part\n");
  const Said resumed = world_.says({"run", "--resume", world_.path("run-1")});
  EXPECT_EQ(resumed.exit_code, as_expected) << resumed.err;
  EXPECT_EQ(resumed.err, said.err);
  const Said merged = world_.says({"merge", world_.path("run-1"), "-o", world_.path("whole")});
  EXPECT_EQ(merged.exit_code, as_expected) << merged.err;
  EXPECT_THAT(merged.err, HasSubstr("1 of them are in none of these runs"));
  EXPECT_EQ(world_.says({"judge", world_.path("whole")}).exit_code, unknown);
}

}  // namespace
}  // namespace bpfmatrix
