#include "outcome/scalar.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(Scalar, comes_back_as_it_was) {
  for (const char* text : {"0", "-115", "28531", "9223372036854775807", "9223372036854775808",
                           "18446744073709551615", "-9223372036854775808", "\"comm\"", "\"\""}) {
    const std::optional<Scalar> value = scalar_from_json(Json::parse(text));
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(scalar_to_json(*value).dump(), text);
  }
}

TEST(Scalar, a_number_is_equal_to_itself_however_json_holds_it) {
  EXPECT_EQ(*scalar_from_json(Json(std::int64_t{7})), *scalar_from_json(Json(std::uint64_t{7})));
}

TEST(Scalar, is_nothing_else) {
  for (const char* text : {"null", "1.5", "true", "[]", "{}"}) {
    EXPECT_FALSE(scalar_from_json(Json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace bpfmatrix
