#include "base/ids.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(Ids, every_arch_reads_back_under_both_names) {
  for (const Arch arch : kArches) {
    EXPECT_EQ(parse_arch(to_string(arch)), arch);
    EXPECT_EQ(parse_arch(debian_name(arch)), arch);
  }
  EXPECT_FALSE(parse_arch("riscv64"));
}

TEST(Ids, an_id_can_never_leave_its_directory) {
  EXPECT_TRUE(is_valid_id("debian-6.1-x86_64"));
  for (const std::string bad : {"", ".", "..", "a/b", "-x", ".x", "a b", "a\n"}) {
    EXPECT_FALSE(is_valid_id(bad)) << bad;
  }
  EXPECT_FALSE(is_valid_id(std::string(129, 'a')));
}

struct Glob {
  const char* pattern;
  const char* text;
  bool matches;
};
constexpr Glob kGlobs[] = {
    {"*", "", true},          {"*", "abc", true},       {"a*c", "abbc", true},
    {"a*c", "abbd", false},   {"a?c", "abc", true},     {"a?c", "ac", false},
    {"*x*y*", "axbyc", true}, {"*x*y*", "aybx", false}, {"debian-6.*", "debian-6.12-x86_64", true},
    {"abc", "abcd", false},   {"", "a", false},         {"a**b", "ab", true},
};
TEST(Ids, glob_matches_the_whole_text) {
  for (const Glob& row : kGlobs) {
    EXPECT_EQ(glob_match(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
  }
}

TEST(Ids, glob_is_not_exponential) {
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*a*a*b", std::string(4000, 'a')));
}

}  // namespace
}  // namespace bpfmatrix
