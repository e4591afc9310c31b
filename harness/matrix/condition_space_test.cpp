#include "matrix/condition_space.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

const ConditionSpace kEverything{{"x86_64", "aarch64"}, {"kernel", "embedded", "none"}, {"libbpf"}};

Condition condition(const std::string& text) {
  Result<Condition> parsed = Condition::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *std::move(parsed) : Condition();
}

struct Row {
  const char* wanted;
  std::vector<const char*> before;
  Ternary answer;
};

TEST(ConditionSpace, decides_what_can_hold) {
  const Row rows[] = {
      {"always", {}, Ternary::yes},
      {"not always", {}, Ternary::no},
      {"kernel < 5.0 and kernel > 5.8", {}, Ternary::no},
      {"kernel > 5.0 and kernel < 5.8", {}, Ternary::yes},
      {"kernel > 5.8 and kernel < 5.9", {}, Ternary::no},
      {"kernel > 5.8.0 and kernel < 5.9", {}, Ternary::yes},
      {"kernel > 5.8.3 and kernel < 5.8.4", {}, Ternary::no},
      {"kernel > 5.8.3 and kernel < 5.8.5", {}, Ternary::yes},
      {"kernel == 5.8 and kernel > 5.8.3", {}, Ternary::yes},
      {"kernel == 5.8 and kernel != 5.8", {}, Ternary::no},
      // No 4.21 and no 5.20 came: after them the next major number.
      {"kernel > 4.20 and kernel < 5.0", {}, Ternary::no},
      {"kernel == 5.25", {}, Ternary::no},
      {"kernel < 4.99 and kernel >= 4.20", {}, Ternary::yes},
      {"kernel < 0.0", {}, Ternary::no},
      {"kernel > 2147483647.2147483647.2147483647", {}, Ternary::no},
      {"arch == x86_64 and arch == aarch64", {}, Ternary::no},
      {"arch != x86_64 and arch != aarch64", {}, Ternary::no},
      {"arch == riscv64", {}, Ternary::no},
      {"btf == embedded or btf == vmlinux", {}, Ternary::yes},
      {"btf == vmlinux", {}, Ternary::no},
      {"loader == aya", {}, Ternary::no},
      {"loader != aya", {}, Ternary::yes},
      {"has(bpf_loop) and not has(bpf_loop)", {}, Ternary::no},
      {"has(bpf_loop) and not config(bpf_loop) and symbol(bpf_loop)", {}, Ternary::yes},
      {"always", {"kernel < 5.8", "kernel >= 5.8"}, Ternary::no},
      {"always", {"kernel < 5.8", "kernel > 5.8"}, Ternary::yes},
      {"kernel < 5.4", {"kernel < 5.8"}, Ternary::no},
      {"kernel < 5.8", {"kernel < 5.4"}, Ternary::yes},
      {"has(bpf_loop)", {"has(bpf_loop) and arch == x86_64", "arch == aarch64"}, Ternary::no},
      {"has(bpf_loop)", {"not has(bpf_loop)", "config(BPF_LSM)"}, Ternary::yes},
      {"always", {"not always"}, Ternary::yes},
  };
  for (const Row& row : rows) {
    std::vector<Condition> before;
    for (const char* text : row.before) before.push_back(condition(text));
    EXPECT_EQ(can_hold(condition(row.wanted), before, kEverything).answer, row.answer)
        << row.wanted;
  }
}

TEST(ConditionSpace, an_example_is_a_condition_that_holds_there) {
  const SpaceAnswer answer =
      can_hold(Condition(), {condition("kernel < 5.8 or has(fentry)"), condition("arch == x86_64")},
               kEverything);
  EXPECT_EQ(answer.example,
            "kernel == 5.8 and arch == aarch64 and btf == kernel and not has(fentry)");
  EXPECT_TRUE(Condition::parse(answer.example));
}

TEST(ConditionSpace, a_case_for_fewer_cells_has_fewer_conditions_that_can_hold) {
  const ConditionSpace narrow{{"x86_64"}, {"kernel", "none"}, {"libbpf", "aya"}};
  EXPECT_EQ(can_hold(condition("arch == aarch64"), {}, narrow).answer, Ternary::no);
  EXPECT_EQ(can_hold(condition("btf == embedded"), {}, narrow).answer, Ternary::no);
  EXPECT_EQ(can_hold(condition("loader == aya and btf == none"), {}, narrow).answer, Ternary::yes);
}

// A file that asks 24 questions, or names hundreds of versions, is not tried to the end of days.
TEST(ConditionSpace, what_asks_too_much_is_unknown_at_once) {
  std::string many = "not always";
  for (int i = 0; i < 24; ++i) many += fmt::format(" or has(f{}) and not has(f{})", i, i);
  EXPECT_EQ(can_hold(condition(many), {}, kEverything).answer, Ternary::unknown);
  std::string versions = "kernel < 4.0";
  for (int i = 0; i < 200; ++i) versions += fmt::format(" and kernel < 4.{}", i);
  EXPECT_EQ(
      can_hold(condition(versions), std::vector<Condition>(63, condition(versions)), kEverything)
          .answer,
      Ternary::unknown);
}

}  // namespace
}  // namespace bpfmatrix
