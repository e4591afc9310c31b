#include "analysis/expect/case_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

CaseSpec spec(const char* expect) {
  CaseSpec spec;
  spec.id = "case";
  const auto rules = read_expectations(*parse_json(expect, "f"), "expect");
  EXPECT_TRUE(rules) << expect;
  if (rules) spec.expect = *rules;
  return spec;
}

/// Where bpf_loop and bounded_loops are all that kernels have.
const Features& all_features() {
  static const Features two({{.kind = FeatureKind::helper, .name = "bpf_loop"},
                             {.kind = FeatureKind::behaviour, .name = "bounded_loops"}},
                            {});
  return two;
}

/// "1: unknown cause 'x'", one for each problem; "-" where it is the case's.
std::vector<std::string> problems(const CaseSpec& spec, const ContentsByArch& contents = {}) {
  std::vector<std::string> lines;
  for (const CaseProblem& one : check_case(spec, all_features(), contents)) {
    EXPECT_FALSE(one.what_to_do.empty()) << one.problem;
    lines.push_back(fmt::format("{}: {}", one.rule ? std::to_string(*one.rule) : "-", one.problem));
  }
  return lines;
}

const ContentsByArch kTwoPrograms{
    {Arch::x86_64, {{"first", "second"}, {"hits", "pid"}}},
    {Arch::aarch64, {{"first"}, {"hits", "pid"}}},
};

TEST(CaseCheck, finds_nothing_wrong_with_rules_that_can_all_decide) {
  EXPECT_THAT(problems(spec(R"j([{"when":"kernel < 5.3 and not has(bounded_loops)","load":"failed",
                                  "cause":"back_edge"},
                                 {"program":"second","load":"ok"},
                                 {"load":"ok","observed":{"pid":"right"}}])j"),
                       kTwoPrograms),
              ElementsAre());
}

TEST(CaseCheck, nothing_expected_is_a_problem) {
  EXPECT_THAT(problems(spec("[]")), ElementsAre("-: it has no expectation"));
}

TEST(CaseCheck, every_unknown_word_is_listed) {
  EXPECT_THAT(
      problems(spec(R"j([{"when":"has(bpf_lop) or has(xdp.bpf_loop)","cause":["none","backedge"]},
                         {"when":"not has(xdp.bpf_lop)","cause":"unknown"},{"load":"ok"}])j")),
      ElementsAre("0: unknown cause 'backedge'", "0: unknown feature 'bpf_lop'",
                  "1: unknown cause 'unknown'", "1: unknown feature 'xdp.bpf_lop'"));
}

TEST(CaseCheck, a_condition_that_contradicts_itself_never_holds) {
  EXPECT_THAT(problems(spec(R"([{"when":"kernel < 5.0 and kernel > 5.8","load":"failed"},
                                {"when":"arch == x86_64 and arch == aarch64","load":"failed"},
                                {"when":"arch == riscv64","load":"failed"},
                                {"load":"ok"}])")),
              ElementsAre("0: 'kernel < 5.0 and kernel > 5.8' can never hold",
                          "1: 'arch == x86_64 and arch == aarch64' can never hold",
                          "2: 'arch == riscv64' can never hold"));
}

TEST(CaseCheck, a_condition_about_cells_that_the_case_does_not_have) {
  CaseSpec narrow = spec(R"([{"when":"arch == aarch64","load":"failed"},
                             {"when":"btf == embedded","load":"failed"},
                             {"when":"btf == none","load":"failed"},
                             {"when":"loader == aya","load":"failed"},
                             {"load":"ok"}])");
  narrow.archs = {Arch::x86_64};
  EXPECT_THAT(problems(narrow), ElementsAre("0: 'arch == aarch64' holds for no cell of this case",
                                            "1: 'btf == embedded' holds for no cell of this case",
                                            "3: 'loader == aya' holds for no cell of this case"));
}

TEST(CaseCheck, a_rule_behind_wider_ones_never_decides) {
  const std::string shadowed = ": never decides: an earlier rule always decides first";
  EXPECT_THAT(problems(spec(R"([{"when":"kernel < 5.8","load":"failed"},
                                {"when":"kernel < 5.4","program":"first","load":"failed"},
                                {"load":"ok"},
                                {"program":"second","load":"failed"}])")),
              ElementsAre("1" + shadowed, "3" + shadowed));
  EXPECT_THAT(problems(spec(R"([{"when":"kernel < 5.8","load":"failed"},
                                {"when":"kernel >= 5.8","load":"failed"},{"load":"ok"}])")),
              ElementsAre("2" + shadowed));
  EXPECT_THAT(problems(spec(R"([{"program":"first","load":"failed"},
                                {"program":"second","load":"failed"},
                                {"when":"kernel < 5.8","program":"*","load":"ok"},
                                {"program":"[f]*","load":"ok"}])"),
                       kTwoPrograms),
              ElementsAre("3: no program is called '[f]*'"));
}

TEST(CaseCheck, a_program_is_only_where_it_is_compiled) {
  EXPECT_THAT(problems(spec(R"([{"when":"arch == aarch64","program":"second","load":"failed"},
                                {"load":"ok"}])"),
                       kTwoPrograms),
              ElementsAre("0: never decides: an earlier rule always decides first"));
}

TEST(CaseCheck, a_program_without_a_rule_is_named_with_a_cell) {
  EXPECT_THAT(problems(spec(R"([{"program":"first","load":"ok"},
                                {"when":"kernel >= 5.8","program":"second","load":"ok"}])"),
                       kTwoPrograms),
              ElementsAre("-: program 'second' has no rule where kernel == 5.7 and arch == x86_64 "
                          "and btf == kernel"));
  EXPECT_THAT(problems(spec(R"([{"program":"first","load":"ok"}])"), kTwoPrograms),
              ElementsAre("-: program 'second' has no rule where kernel == 5.10 and arch == x86_64 "
                          "and btf == kernel"));
}

TEST(CaseCheck, a_program_or_value_that_is_not_there) {
  EXPECT_THAT(
      problems(spec(R"([{"program":"frist","load":"ok"},
                                {"load":"ok","observed":{"pdi":"right","pid":"right"}}])"),
               kTwoPrograms),
      ElementsAre("0: no program is called 'frist'", "1: no observed value is called 'pdi'"));
}

// 64 rules that ask 23 questions each end as soon as 64 that ask one.
TEST(CaseCheck, a_case_that_asks_too_much_is_told_so) {
  std::string when = "has(bpf_loop)";
  for (int i = 0; i < 30; ++i) when += fmt::format(" and config(C{})", i);
  std::string rules = "[";
  for (int i = 0; i < 64; ++i)
    rules += fmt::format(R"({}{{"when":"{}","load":"ok"}})", i == 0 ? "" : ",", when);
  const std::vector<std::string> found = problems(spec((rules + "]").c_str()));
  ASSERT_EQ(found.size(), 65U);
  EXPECT_EQ(found[0], "-: its conditions use too many different facts to be checked");
}

}  // namespace
}  // namespace bpfmatrix
