#include "cli/our_bug.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "cli/exit_code.h"

namespace bpfmatrix {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(Guarded, what_ends_without_an_exception_keeps_its_exit_code) {
  EXPECT_EQ(guarded([] { return static_cast<int>(unexpected); }), unexpected);
}

TEST(Guarded, an_exception_is_called_a_bug_in_one_printable_line) {
  CaptureStderr();
  EXPECT_EQ(guarded([]() -> int { throw std::runtime_error("bad \x1b[31m\n\xff"); }), our_bug);
  EXPECT_EQ(GetCapturedStderr(),
            "error: this is a bug in bpfmatrix, please report it: bad \\x1b[31m\\x0a\\xff\n"
            "hint: a run that was under way can be continued: bpfmatrix run --resume DIR\n");
}

TEST(Guarded, whatever_is_thrown_is_caught) {
  CaptureStderr();
  EXPECT_EQ(guarded([]() -> int { throw 1; }), our_bug);
  EXPECT_THAT(GetCapturedStderr(), ::testing::HasSubstr("an exception without a text"));
}

}  // namespace
}  // namespace bpfmatrix
