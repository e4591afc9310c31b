#include "kernels/fetch/deb_relation.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(DebVersion, sorts_as_dpkg_does) {
  const std::vector<std::string> ordered{
      "0~",  "0",    "1.0~rc1",          "1.0",      "1.0-1~bpo", "1.0-1", "1.0-1+b1", "1.0a",
      "1.2", "1.10", "7.2.12-1~bpo13+1", "7.2.12-1", "7.10",      "1:0.1"};
  for (std::size_t i = 0; i + 1 < ordered.size(); ++i) {
    EXPECT_TRUE(compare_deb_versions(ordered[i], ordered[i + 1]) < 0) << ordered[i];
    EXPECT_TRUE(compare_deb_versions(ordered[i + 1], ordered[i]) > 0) << ordered[i];
  }
}

TEST(DebVersion, leading_zeros_and_a_missing_epoch_or_revision_make_no_difference) {
  EXPECT_TRUE(compare_deb_versions("1.02", "1.2") == 0);
  EXPECT_TRUE(compare_deb_versions("0:1.2-0", "1.2") == 0);
}

TEST(DebRelations, reads_alternatives_and_versions) {
  const auto groups = parse_relations("kmod, linux-base (>= 4.3~) | x:any, y (= 1:2-3) [amd64]");
  ASSERT_TRUE(groups) << groups.error().message;
  ASSERT_EQ(groups->size(), 3U);
  EXPECT_EQ((*groups)[0][0].package, "kmod");
  EXPECT_EQ((*groups)[1][0].comparison, ">=");
  EXPECT_EQ((*groups)[1][0].version, "4.3~");
  EXPECT_EQ((*groups)[1][1].package, "x");
  EXPECT_EQ((*groups)[2][0].version, "1:2-3");
}

TEST(DebRelations, an_empty_field_has_none) { EXPECT_TRUE(parse_relations("")->empty()); }

TEST(DebRelations, refuses_what_is_no_dependency) {
  for (const char* text : {"a,,b", "a (= 1", "a (1)", "a (~ 1)", "(= 1)", "a (=)"}) {
    EXPECT_FALSE(parse_relations(text)) << text;
  }
}

TEST(DebRelation, accepts_by_comparison) {
  const auto accepts = [](const char* comparison, const char* candidate) {
    return DebRelation{"p", comparison, "2"}.accepts(candidate);
  };
  EXPECT_TRUE(accepts("", "1"));
  EXPECT_TRUE(accepts("=", "2"));
  EXPECT_FALSE(accepts("=", "2-1"));
  EXPECT_TRUE(accepts(">=", "2"));
  EXPECT_TRUE(accepts("<=", "2"));
  EXPECT_FALSE(accepts(">>", "2"));
  EXPECT_FALSE(accepts("<<", "2"));
  EXPECT_TRUE(accepts("<<", "2~rc1"));
}

}  // namespace
}  // namespace bpfmatrix
