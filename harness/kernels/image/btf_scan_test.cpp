#include "kernels/image/btf_scan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

std::string with_u32(std::string bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

TEST(BtfScan, measures_a_whole_blob) {
  const std::string btf = fake_btf(3);
  const auto shape = measure_btf(btf + "what follows in the image");
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->bytes, btf.size());
  EXPECT_EQ(shape->types, 4U);
}

TEST(BtfScan, every_truncation_is_noticed) {
  const std::string btf = fake_btf(2);
  for (std::size_t size = 0; size < btf.size(); ++size) {
    EXPECT_FALSE(measure_btf(std::string_view(btf).substr(0, size))) << size;
  }
}

TEST(BtfScan, wrong_numbers_in_the_header_are_noticed) {
  const std::string btf = fake_btf(2);
  for (const std::size_t field : {4, 8, 12, 16, 20}) {
    for (const std::uint32_t value : {1U, 0x7fffffffU, 0xffffffffU}) {
      EXPECT_FALSE(measure_btf(with_u32(btf, field, value))) << field << " = " << value;
    }
  }
}

TEST(BtfScan, a_name_outside_the_strings_is_noticed) {
  EXPECT_FALSE(measure_btf(with_u32(fake_btf(), 24, 1000)));
}

TEST(BtfScan, a_type_that_reaches_past_its_section_is_noticed) {
  EXPECT_FALSE(measure_btf(with_u32(fake_btf(), 28, (4U << 24) | 500)));
}

TEST(BtfScan, a_kind_of_the_future_does_no_harm) {
  EXPECT_TRUE(measure_btf(with_u32(fake_btf(1), 36 + 4, 25U << 24)));
  EXPECT_FALSE(measure_btf(with_u32(fake_btf(1), 36 + 4, 0)));  // kind 0 is none at all
}

TEST(BtfScan, finds_the_largest_in_a_flat_image) {
  const std::string broken = with_u32(fake_btf(100), 20, 0);
  const std::string image = "xx\x9f\xeb" + fake_btf(1) + "." + fake_btf(5) + broken + fake_btf(2);
  EXPECT_EQ(find_vmlinux_btf(image), fake_btf(5));
}

TEST(BtfScan, btf_of_something_else_than_a_kernel_is_not_taken) {
  std::string other = fake_btf();
  other.replace(other.find("task_struct"), 11, "other_thing");
  ASSERT_TRUE(measure_btf(other));
  EXPECT_EQ(find_vmlinux_btf(other), "");
  EXPECT_EQ(find_vmlinux_btf(""), "");
}

}  // namespace
}  // namespace bpfmatrix
