// An unavailable kernel costs no other kernel anything.
#include <gmock/gmock.h>

#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"

namespace bpfmatrix {
namespace {

TEST(UnavailableVm, the_run_goes_on_with_the_kernels_that_are_there) {
  const UnavailableWorld world;
  const Said said =
      world.says({"run", "--kernel", "*", "--case", "ringbuf", "--case", "helper-unknown",
                  "--accel", "tcg", "--out", world.path("r"), "--json"},
                 "of this machine");
  EXPECT_EQ(said.exit_code, unknown) << said.err;
  const auto json = parse_json(said.out, "run");
  ASSERT_TRUE(json) << said.out;
  EXPECT_EQ((*json)["unavailable"].size(), 6U);
  EXPECT_EQ((*json)["verdicts"]["counts"]["unavailable"], 12);
  EXPECT_EQ((*json)["verdicts"]["counts"]["as_expected"], 2);
  ASSERT_EQ((*json)["fields"].size(), 2U);
  for (const auto& field : (*json)["fields"]) EXPECT_EQ(field["kernel"], "debian-6.1-x86_64");
}

}  // namespace
}  // namespace bpfmatrix
