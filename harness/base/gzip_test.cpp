#include "base/gzip.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(Gzip, gives_back_what_was_packed) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(1 << 20, 'x')}) {
    const auto unpacked = gunzip(gzip(text), 1 << 20);
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_EQ(*unpacked, text);
  }
}

TEST(Gzip, a_text_over_the_limit_is_an_error) {
  const auto unpacked = gunzip(gzip(std::string(1 << 24, 'x')), 1000);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().message, "unpacks to more than 1000 bytes");
}

TEST(Gzip, what_is_cut_short_or_none_at_all_is_an_error) {
  const std::string packed = gzip("some text");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(gunzip(std::string_view(packed).substr(0, size), 1000)) << size;
  }
  EXPECT_FALSE(gunzip("plain text", 1000));
}

}  // namespace
}  // namespace bpfmatrix
