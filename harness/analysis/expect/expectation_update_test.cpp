#include "analysis/expect/expectation_update.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/expect/judge.h"
#include "base/json.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ExpectationRule> rules(const char* json) {
  const auto read = read_expectations(*parse_json(json, "f"), "expect");
  EXPECT_TRUE(read) << json;
  return read ? *read : std::vector<ExpectationRule>{};
}

/// A program that is loaded and attached, or whose verifier log ends with `failure`.
ProgramOutcome program(const std::string& name, const std::string& failure = "") {
  ProgramOutcome program;
  program.name = name;
  program.load.stage.result = failure.empty() ? StageResult::ok : StageResult::failed;
  if (failure.empty()) program.attach.stage.result = StageResult::ok;
  if (!failure.empty()) program.load.stage.errno_name = "EINVAL";
  program.load.log_tail = failure;
  return program;
}
const std::string kNoHelper = "0: (85) call unknown#999\ninvalid func unknown#999\n";
const std::string kLoop = "back-edge from insn 7 to 3\n";
const std::string kStrange = "something nobody has seen\n";

/// "debian-6.1-x86_64" is 6.1.0 of x86_64.
Outcome outcome(const std::string& kernel, std::vector<ProgramOutcome> programs,
                const std::string& btf = "kernel") {
  Outcome o;
  o.kernel.id = kernel;
  const std::size_t first = kernel.find('-');
  const std::size_t second = kernel.find('-', first + 1);
  o.kernel.release = kernel.substr(first + 1, second - first - 1) + ".0";
  o.kernel.arch = kernel.substr(second + 1);
  o.kernel.btf_present = true;
  o.btf_source = btf;
  o.loader = "libbpf";
  o.cell = kernel + "/case/" + btf + "/libbpf";
  o.case_id = "case";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  o.relocate.stage.result = StageResult::ok;
  o.programs = std::move(programs);
  return o;
}

/// "[kept 0] when | program | load accepted, attach attached | because"
std::vector<std::string> shown(const ExpectationUpdate& update) {
  std::vector<std::string> lines;
  for (const UpdatedRule& one : update.rules) {
    std::vector<std::string> fields;
    for (const auto& [field, words] : one.rule.allowed)
      fields.push_back(fmt::format("{} {}", field, fmt::join(words, "|")));
    lines.push_back(one.kept
                        ? fmt::format("kept {}", *one.kept)
                        : fmt::format("{}: {}: {} ({})", one.rule.when.text(), one.rule.program,
                                      fmt::join(fields, ", "), one.rule.because));
  }
  return lines;
}

/// The new rules, by which no conclusive outcome may be unexpected.
std::vector<std::string> updated(const char* old, const std::vector<Outcome>& outcomes) {
  const Result<ExpectationUpdate> update = update_expectations(rules(old), outcomes);
  EXPECT_TRUE(update) << update.error().message;
  if (!update) return {};
  EXPECT_THAT(update->left, IsEmpty());
  std::vector<ExpectationRule> plain;
  for (const UpdatedRule& one : update->rules) plain.push_back(one.rule);
  for (const Outcome& one : outcomes) {
    const Verdict verdict = judge(one, plain, condition_facts(one)).verdict;
    EXPECT_NE(verdict, Verdict::unexpected) << one.cell;
  }
  return shown(*update);
}

TEST(ExpectationUpdate, what_is_as_expected_is_kept) {
  EXPECT_THAT(updated(R"([{"when":"kernel < 5.8","load":"failed"},{"load":"ok"}])",
                      {outcome("debian-6.1-x86_64", {program("p")})}),
              ElementsAre("kept 0", "kept 1"));
}

TEST(ExpectationUpdate, kernels_are_merged_into_the_simplest_condition) {
  const std::vector<Outcome> outcomes{outcome("debian-5.4-x86_64", {program("p", kNoHelper)}),
                                      outcome("debian-5.10-x86_64", {program("p", kNoHelper)}),
                                      outcome("debian-6.1-x86_64", {program("p")}),
                                      outcome("debian-6.1-aarch64", {program("p")})};
  EXPECT_THAT(updated(R"([{"load":"ok","attach":"ok"}])", outcomes),
              ElementsAre("kernel < 6.1: *: cause helper_unknown, load failed (observed on "
                          "debian-5.4-x86_64, debian-5.10-x86_64)",
                          "kept 0"));
}

TEST(ExpectationUpdate, a_rule_that_nobody_meets_is_rewritten_in_its_place) {
  EXPECT_THAT(updated(R"([{"when":"arch == x86_64","load":"failed","cause":"license"},
                          {"load":"ok"}])",
                      {outcome("debian-6.1-x86_64", {program("p", kNoHelper)}),
                       outcome("debian-6.1-aarch64", {program("p")})}),
              ElementsAre("arch == x86_64: *: cause helper_unknown, load failed (observed on "
                          "debian-6.1-x86_64)",
                          "kept 1"));
}

TEST(ExpectationUpdate, the_condition_of_the_rule_it_stands_before_is_kept) {
  EXPECT_THAT(
      updated(R"([{"when":"kernel < 6.0 or kernel >= 6.10","load":"ok"},{"load":"failed",
                  "cause":"helper_unknown"}])",
              {outcome("debian-5.10-x86_64", {program("p")}),
               outcome("debian-5.10-aarch64", {program("p", kLoop)}),
               outcome("debian-6.1-aarch64", {program("p", kNoHelper)})}),
      ElementsAre("(kernel < 6.0 or kernel >= 6.10) and arch == aarch64: *: cause back_edge, load "
                  "failed (observed on debian-5.10-aarch64)",
                  "kept 0", "kept 1"));
}

TEST(ExpectationUpdate, btf_and_programs_tell_apart_too) {
  EXPECT_THAT(updated(R"([{"load":"ok"}])",
                      {outcome("debian-6.1-x86_64", {program("p")}, "kernel"),
                       outcome("debian-6.1-x86_64", {program("p", kNoHelper)}, "none")}),
              ElementsAre("btf == none: *: cause helper_unknown, load failed (observed on "
                          "debian-6.1-x86_64)",
                          "kept 0"));
  EXPECT_THAT(updated(R"([{"load":"ok"}])",
                      {outcome("debian-5.10-x86_64", {program("a"), program("b", kLoop)}),
                       outcome("debian-6.1-x86_64", {program("a"), program("b")})}),
              ElementsAre("kernel < 6.1: b: cause back_edge, load failed (observed on "
                          "debian-5.10-x86_64)",
                          "kept 0"));
}

TEST(ExpectationUpdate, an_object_that_does_not_open_does_not_take_its_programs_along) {
  Outcome closed = outcome("debian-6.1-x86_64", {}, "none");
  closed.open = {StageResult::failed, "", "libbpf: elf: legacy map definitions in 'maps' section"};
  closed.relocate = {};
  const auto rules = updated(R"([{"load":"ok"}])",
                             {closed, outcome("debian-6.1-x86_64", {program("p")}, "kernel"),
                              outcome("debian-6.1-x86_64", {program("p", kLoop)}, "embedded")});
  EXPECT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules.back(), "kept 0");
}

TEST(ExpectationUpdate, what_nothing_tells_apart_is_allowed_both_ways) {
  EXPECT_THAT(
      updated(R"([{"load":"ok"}])", {outcome("debian-6.1-x86_64", {program("p")}),
                                     outcome("custom-6.1-x86_64", {program("p", kNoHelper)})}),
      ElementsAre("always: *: cause helper_unknown|none, load failed|ok (observed "
                  "on debian-6.1-x86_64, custom-6.1-x86_64)"));
}

TEST(ExpectationUpdate, a_case_without_expectations_gets_some) {
  EXPECT_THAT(updated("[]", {outcome("debian-5.10-x86_64", {program("p", kLoop)}),
                             outcome("debian-6.1-x86_64", {program("p")})}),
              ElementsAre("kernel < 6.1: *: cause back_edge, load failed (observed on "
                          "debian-5.10-x86_64)",
                          "always: *: attach ok, load ok (observed on "
                          "debian-6.1-x86_64)"));
}

TEST(ExpectationUpdate, a_panic_is_all_there_is_to_expect) {
  Outcome panic = outcome("debian-6.1-x86_64", {program("p")});
  panic.end = End::panicked;
  EXPECT_THAT(updated(R"([{"load":"ok"}])", {panic}),
              ElementsAre("always: *: end panicked (observed on debian-6.1-x86_64)"));
}

TEST(ExpectationUpdate, nothing_is_learned_from_what_could_not_be_told) {
  std::vector<Outcome> outcomes;
  for (const End end : {End::hung, End::lost, End::unavailable}) {
    outcomes.push_back(outcome("debian-6.1-x86_64", {program("p", kLoop)}));
    outcomes.back().end = end;
  }
  EXPECT_THAT(updated(R"([{"load":"ok"}])", outcomes), ElementsAre("kept 0"));

  const auto update = update_expectations(rules(R"([{"load":"ok"}])"),
                                          {outcome("debian-6.1-x86_64", {program("p", kStrange)})});
  ASSERT_TRUE(update);
  EXPECT_THAT(shown(*update), ElementsAre("kept 0"));
  EXPECT_THAT(update->left, ElementsAre("debian-6.1-x86_64/case/kernel/libbpf"));
}

}  // namespace
}  // namespace bpfmatrix
