#include "base/base64.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(Base64, gives_the_texts_of_its_standard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, pads_only_at_the_end_however_long_the_bytes_are) {
  const std::string text = base64(std::string((3 << 20) * 2 + 1, 'x'));
  EXPECT_EQ(text.size(), std::size_t{(2 << 20) * 4 + 4});
  EXPECT_EQ(text.find('='), text.size() - 2);
}

}  // namespace
}  // namespace bpfmatrix
