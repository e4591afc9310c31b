#include "matrix/condition.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

ConditionFacts facts_of(const std::string& release) {
  ConditionFacts facts;
  facts.kernel = parse_kernel_version(release);
  facts.arch = "x86_64";
  facts.btf = "none";
  facts.loader = "libbpf";
  facts.has = [](const std::string& name) {
    if (name == "unmeasured") return Ternary::unknown;
    return name == "ringbuf" ? Ternary::yes : Ternary::no;
  };
  facts.config = [](const std::string& name) {
    return name == "BPF_LSM" ? Ternary::yes : Ternary::no;
  };
  return facts;
}

struct Holds {
  const char* text;
  const char* release;
  Ternary answer;
};
constexpr Holds kHolds[] = {
    {"always", "5.10.223", Ternary::yes},
    {"not always", "5.10.223", Ternary::no},
    {"kernel < 5.8", "5.8.18", Ternary::no},
    {"kernel < 5.8", "5.7.19", Ternary::yes},
    {"kernel < 5.8", "4.18.0", Ternary::yes},
    {"kernel == 5.10", "5.10.223", Ternary::yes},
    {"kernel > 5.10", "5.10.223", Ternary::no},
    {"kernel <= 5.10", "5.10.223", Ternary::yes},
    {"kernel >= 6.2", "6.12.1", Ternary::yes},
    {"kernel == 5.10.223", "5.10.223", Ternary::yes},
    {"kernel > 5.10.222", "5.10.223", Ternary::yes},
    {"kernel != 6.1", "6.12.0", Ternary::yes},
    {"arch == x86_64", "6.1.0", Ternary::yes},
    {"arch != x86_64", "6.1.0", Ternary::no},
    {"btf == none and loader == libbpf", "6.1.0", Ternary::yes},
    {"btf == kernel or has(ringbuf)", "6.1.0", Ternary::yes},
    {"has(fentry)", "6.1.0", Ternary::no},
    {"config(BPF_LSM)", "6.1.0", Ternary::yes},
    // "and" binds more tightly than "or".
    {"btf == none or btf == kernel and arch == aarch64", "6.1.0", Ternary::yes},
    {"(btf == none or btf == kernel) and arch == aarch64", "6.1.0", Ternary::no},
    {"not (arch == aarch64 or has(fentry))", "6.1.0", Ternary::yes},
    // What was not measured is neither true nor false...
    {"has(unmeasured)", "6.1.0", Ternary::unknown},
    {"not has(unmeasured)", "6.1.0", Ternary::unknown},
    {"symbol(__sys_connect)", "6.1.0", Ternary::unknown},
    {"kernel < 5.8", "no version", Ternary::unknown},
    // ... unless the rest decides.
    {"has(unmeasured) or has(ringbuf)", "6.1.0", Ternary::yes},
    {"has(unmeasured) and has(fentry)", "6.1.0", Ternary::no},
};
TEST(Condition, holds_where_it_says) {
  for (const Holds& row : kHolds) {
    const Result<Condition> condition = Condition::parse(row.text);
    ASSERT_TRUE(condition) << row.text << ": " << condition.error().message;
    EXPECT_EQ(condition->holds(facts_of(row.release)), row.answer)
        << row.text << " on " << row.release;
    EXPECT_EQ(condition->text(), row.text);
  }
}

struct BadCondition {
  const char* text;
  const char* message;
};
constexpr BadCondition kBadConditions[] = {
    {"",
     "condition: column 1: wanted kernel, arch, btf, loader, has(...), config(...), symbol(...), "
     "not, always or '(', "
     "got the end"},
    {"kernel 5.8", "condition: column 8: wanted one of < <= == != >= >, got '5.8'"},
    {"kernel < v5.8", "condition: column 10: wanted a version like 5.10 or 5.10.3, got 'v5.8'"},
    {"arch < x86_64", "condition: column 6: wanted == or !=, got '<'"},
    {"has ringbuf", "condition: column 5: wanted '(', got 'ringbuf'"},
    {"has(ringbuf", "condition: column 12: wanted ')', got the end"},
    {"(always", "condition: column 8: wanted ')', got the end"},
    {"always always", "condition: column 8: wanted 'and', 'or' or the end, got 'always'"},
};
TEST(Condition, an_error_says_where_and_what_was_wanted) {
  for (const BadCondition& row : kBadConditions) {
    const Result<Condition> condition = Condition::parse(row.text);
    ASSERT_FALSE(condition) << row.text;
    EXPECT_EQ(condition.error().message, row.message);
  }
}

TEST(Condition, nesting_and_length_have_limits) {
  EXPECT_FALSE(Condition::parse(std::string(1000, '(')));
  EXPECT_FALSE(Condition::parse(std::string(5000, ' ')));
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "not ";
  EXPECT_FALSE(Condition::parse(nots + "always"));
}

TEST(Ternary, three_values_by_kleenes_tables) {
  EXPECT_EQ(Ternary::unknown && Ternary::no, Ternary::no);
  EXPECT_EQ(Ternary::unknown && Ternary::yes, Ternary::unknown);
  EXPECT_EQ(Ternary::unknown || Ternary::yes, Ternary::yes);
  EXPECT_EQ(Ternary::unknown || Ternary::no, Ternary::unknown);
  EXPECT_EQ(!Ternary::unknown, Ternary::unknown);
}

}  // namespace
}  // namespace bpfmatrix
