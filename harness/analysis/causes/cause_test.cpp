#include "analysis/causes/cause.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace bpfmatrix {
namespace {

TEST(Cause, every_cause_reads_back_from_its_name) {
  std::set<std::string_view> names;
  std::set<std::string_view> short_texts;
  for (std::size_t i = 0; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    EXPECT_EQ(parse_cause(to_string(cause)), cause);
    EXPECT_FALSE(short_text(cause).empty());
    EXPECT_LE(short_text(cause).size(), 24U);
    names.insert(to_string(cause));
    short_texts.insert(short_text(cause));
  }
  EXPECT_EQ(names.size(), kCauseCount);
  EXPECT_EQ(short_texts.size(), kCauseCount);
  EXPECT_EQ(parse_cause("helper unknown"), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix
