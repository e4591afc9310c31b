#include "analysis/expect/split_condition.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

namespace bpfmatrix {
namespace {

/// "5.10.0/x86_64/kernel 6.1.0/aarch64/none"
std::vector<ConditionFacts> cells(const std::string& text) {
  std::vector<ConditionFacts> all;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t first = word.find('/');
    const std::size_t second = word.find('/', first + 1);
    all.push_back({.kernel = parse_kernel_version(word.substr(0, first)),
                   .arch = word.substr(first + 1, second - first - 1),
                   .btf = word.substr(second + 1),
                   .loader = "libbpf"});
  }
  return all;
}

struct SplitRow {
  const char* in;
  const char* out;
  const char* condition;
};
constexpr SplitRow kSplitRows[] = {
    {"5.10.0/x86_64/kernel", "", "always"},
    {"5.10.0/x86_64/kernel", "6.1.9/x86_64/kernel 6.12.0/x86_64/kernel", "kernel < 6.1"},
    {"6.12.0/x86_64/kernel", "5.10.3/x86_64/kernel 6.1.9/x86_64/kernel", "kernel >= 6.12"},
    {"6.1.20/x86_64/kernel", "6.1.9/x86_64/kernel", "kernel >= 6.1.20"},
    {"6.1.9/x86_64/kernel", "6.1.20/x86_64/kernel", "kernel < 6.1.20"},
    {"6.1.0/x86_64/kernel", "5.10.0/x86_64/kernel 6.12.0/x86_64/kernel",
     "kernel < 6.12 and kernel >= 6.1"},
    {"6.1.0/aarch64/kernel 6.12.0/aarch64/kernel", "6.1.0/x86_64/kernel 6.12.0/x86_64/kernel",
     "arch == aarch64"},
    {"6.1.0/aarch64/kernel", "6.1.0/x86_64/kernel 6.12.0/x86_64/kernel 6.12.0/aarch64/kernel",
     "kernel < 6.12 and arch == aarch64"},
    {"6.1.0/x86_64/none", "6.1.0/x86_64/kernel 6.1.0/x86_64/embedded", "btf == none"},
    {"6.1.0/x86_64/embedded 6.1.0/x86_64/kernel", "6.1.0/x86_64/none", "btf != none"},
    {"5.4.0/x86_64/kernel 5.4.0/aarch64/kernel 6.1.0/aarch64/kernel",
     "6.1.0/x86_64/kernel 6.12.0/x86_64/kernel 6.12.0/aarch64/kernel",
     "arch == aarch64 and kernel < 6.12 or arch == x86_64 and kernel < 6.1"},
};

TEST(SplitCondition, is_the_simplest_that_holds_inside_and_nowhere_outside) {
  for (const SplitRow& row : kSplitRows) {
    const auto condition = split_condition(cells(row.in), cells(row.out));
    ASSERT_TRUE(condition) << row.condition;
    EXPECT_EQ(*condition, row.condition);
    const Result<Condition> parsed = Condition::parse(*condition);
    ASSERT_TRUE(parsed) << *condition;
    for (const ConditionFacts& one : cells(row.in)) EXPECT_EQ(parsed->holds(one), Ternary::yes);
    for (const ConditionFacts& one : cells(row.out)) EXPECT_EQ(parsed->holds(one), Ternary::no);
  }
}

TEST(SplitCondition, what_looks_the_same_is_not_told_apart) {
  EXPECT_FALSE(split_condition(cells("6.1.0/x86_64/kernel"), cells("6.1.0/x86_64/kernel")));
  EXPECT_FALSE(split_condition(cells("?/x86_64/kernel"), cells("6.1.0/aarch64/kernel")));
}

}  // namespace
}  // namespace bpfmatrix
