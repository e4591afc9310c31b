#include "base/line_diff.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(LineDiff, equal_texts_have_none) { EXPECT_EQ(line_diff("a\nb\n", "a\nb\n", "f"), ""); }

TEST(LineDiff, shows_changes_and_two_lines_around_each) {
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\nfour\n5\n6\n7\n8\n9\nten\n", "f"),
            "--- f\n+++ f\n@@ line 2 @@\n 2\n 3\n-4\n+four\n 5\n 6\n@@ line 8 @@\n 8\n 9\n+ten\n");
}

TEST(LineDiff, lines_that_stay_in_between_are_kept) {
  EXPECT_EQ(line_diff("a\nb\nc\n", "b\nc\nd\n", "f"),
            "--- f\n+++ f\n@@ line 1 @@\n-a\n b\n c\n+d\n");
  EXPECT_EQ(line_diff("", "a\n", "f"), "--- f\n+++ f\n@@ line 1 @@\n+a\n");
}

TEST(LineDiff, very_large_texts_are_replaced_as_a_whole) {
  std::string before;
  std::string after;
  for (int i = 0; i < 3000; ++i) {
    before += fmt::format("{}\n", i);
    after += fmt::format("{}\n", i + 1);
  }
  EXPECT_GT(line_diff(before, after, "f").size(), before.size());
}

}  // namespace
}  // namespace bpfmatrix
