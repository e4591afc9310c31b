#include "cell/log_tail.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(LogTail, gives_the_end_of_a_text) {
  EXPECT_EQ(log_tail("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(log_tail("a\nb", 5), "a\nb");
  EXPECT_EQ(log_tail("", 2), "");
  EXPECT_EQ(log_tail("\n\n", 2), "");
  EXPECT_EQ(log_tail(std::string(100000, 'x'), 1).size(), 8192U);
}

TEST(LogTail, never_begins_inside_a_character) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "ü";
  EXPECT_EQ(static_cast<unsigned char>(log_tail("x" + text, 1).front()), 0xc3);
}

TEST(LogTail, keeps_the_rejection_before_a_long_report) {
  std::string log = "8: (bf) r0 = r7\nR7 !read_ok\n\nVerification failed: Memory Safety: x\n\n";
  for (int i = 0; i < 2000; ++i) log += "  a line of the report\n";
  const std::string tail = log_tail(log, 24);
  EXPECT_TRUE(tail.starts_with("8: (bf) r0 = r7\nR7 !read_ok\n\nVerification failed: ")) << tail;
  EXPECT_LT(tail.size(), 5000U);
}

}  // namespace
}  // namespace bpfmatrix
