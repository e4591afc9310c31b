#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace bpfmatrix {
namespace {

TEST(Result, holds_a_value_or_an_error) {
  const Result<int> value = 7;
  const Result<int> error = Error{"no"};
  EXPECT_TRUE(value);
  EXPECT_EQ(*value, 7);
  EXPECT_FALSE(error);
  EXPECT_EQ(error.error().message, "no");
}

TEST(Result, moves_what_cannot_be_copied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, wrap_puts_the_outermost_context_first_and_keeps_the_hint) {
  const Error error =
      wrap("kernel 'x'", wrap("'y.deb'", Error{"sha256 mismatch", "fetch it again"}));
  EXPECT_EQ(error.message, "kernel 'x': 'y.deb': sha256 mismatch");
  EXPECT_EQ(error.hint, "fetch it again");
}

}  // namespace
}  // namespace bpfmatrix
