#include "guest/loader/common/attribute_check.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace bpfmatrix::guest {
namespace {

/// A kernel that knows the first `known` bytes, and says `otherwise` to all it knows.
auto kernel(std::size_t known, int otherwise) {
  return [=](std::string& attr) {
    const auto last = last_used_byte(attr);
    return last && *last >= known ? E2BIG : otherwise;
  };
}

std::string attr(std::initializer_list<std::size_t> used) {
  std::string bytes(128, '\0');
  for (const std::size_t at : used) bytes[at] = 7;
  return bytes;
}

TEST(AttributeCheck, finds_the_last_byte_that_is_used) {
  EXPECT_EQ(last_used_byte(attr({3, 90})), 90U);
  EXPECT_EQ(last_used_byte(attr({})), std::nullopt);
  EXPECT_EQ(last_used_byte(""), std::nullopt);
}

TEST(AttributeCheck, a_field_beyond_what_the_kernel_knows_is_unknown) {
  EXPECT_EQ(attributes_are_known(attr({0, 90}), 4, kernel(72, EFAULT)), false);
  EXPECT_EQ(attributes_are_known(attr({0, 71}), 4, kernel(72, EFAULT)), true);
}

TEST(AttributeCheck, the_number_of_instructions_is_never_what_is_too_big) {
  const auto counts = [](std::string& probe) { return probe[4] == 1 ? EFAULT : E2BIG; };
  EXPECT_EQ(attributes_are_known(attr({0, 4, 20}), 4, counts), true);
}

TEST(AttributeCheck, what_is_accepted_or_empty_tells_nothing) {
  EXPECT_EQ(attributes_are_known(attr({90}), {}, kernel(128, 0)), std::nullopt);
  EXPECT_EQ(attributes_are_known(attr({}), {}, kernel(72, EINVAL)), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix::guest
