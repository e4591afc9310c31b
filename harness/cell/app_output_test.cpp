#include "cell/app_output.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(AppOutput, is_matched_by_lines) {
  const std::string output = "TIME  COMM\n12:00 bash\n";
  EXPECT_TRUE(matches_output(output, "^TIME +COMM$"));
  EXPECT_TRUE(matches_output(output, R"(\d+:\d+ \w+)"));
  EXPECT_FALSE(matches_output(output, "COMM.12"));
  EXPECT_TRUE(matches_output(output, ""));
}

TEST(AppOutput, a_pattern_that_is_none_is_said_and_matches_nothing) {
  EXPECT_TRUE(check_pattern("a+", "--app-ready"));
  const Result<> bad = check_pattern("a(", "--app-ready");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "--app-ready 'a(': no regular expression: missing ): (?m)a(");
  EXPECT_FALSE(matches_output("a(", "a("));
}

TEST(AppOutput, what_is_hostile_takes_linear_time) {
  EXPECT_FALSE(matches_output(std::string(200'000, 'a'), "(a*)*(a*)*b"));
}

}  // namespace
}  // namespace bpfmatrix
