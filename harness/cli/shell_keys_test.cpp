#include "cli/shell_keys.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(ShellKeys, passes_everything_but_its_own) {
  ShellKeys keys;
  EXPECT_EQ(keys.pass("ls\r\x03\x1b[A x"), "ls\r\x03\x1b[A x");
  EXPECT_EQ(keys.pass("\x01\x01"), "\x01");
  EXPECT_EQ(keys.pass("\x01"
                      "c"),
            "\x01"
            "c");
  EXPECT_FALSE(keys.ended());
}

TEST(ShellKeys, the_end_may_come_in_two_pieces) {
  ShellKeys keys;
  EXPECT_EQ(keys.pass("a\x01"), "a");
  EXPECT_FALSE(keys.ended());
  EXPECT_EQ(keys.pass("xyz"), "");
  EXPECT_TRUE(keys.ended());
  EXPECT_EQ(keys.pass("more"), "");
}

}  // namespace
}  // namespace bpfmatrix
