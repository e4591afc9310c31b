#include "matrix/expectation_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {
namespace {

ExpectationRule rule(const char* json) {
  const auto rules = read_expectations(*parse_json(fmt::format("[{}]", json), "f"), "f");
  EXPECT_TRUE(rules) << json;
  return rules ? rules->front() : ExpectationRule{};
}

TEST(ExpectationText, a_short_rule_is_a_line) {
  const char* text =
      R"({"when": "kernel < 5.8", "program": "p", "load": "failed", "cause": ["license", "memlock"]})";
  EXPECT_EQ(rule_text(rule(text)), text);
}

TEST(ExpectationText, a_long_rule_is_broken_between_its_parts) {
  const char* text =
      R"({"when": "kernel < 5.8 and arch == aarch64", "load": "ok", "attach": "ok",
     "observed": {"comm": "right", "pid": ["right", "absent"]},
     "because": "a \"word\" or two more"})";
  EXPECT_EQ(rule_text(rule(text)), text);
}

constexpr const char* kCase = R"({
  "schema": 2,   "shows": "a, b and {c}",
  "object": {"source": "a.bpf.c"},
  "expect": [
    {"when": "kernel < 5.8",   "load": "failed",
     "because": "kept \"as\" it is, ] and all"},
    {"load": "ok"}
  ],
  "attach":   true
}
)";

TEST(ExpectationText, whatever_is_not_replaced_stays_as_it_is_written) {
  EXPECT_EQ(with_expectations(kCase, {std::size_t{0}, std::size_t{1}}), kCase);
  EXPECT_EQ(
      with_expectations(kCase, {std::size_t{0}, rule(R"({"load":"failed","cause":"license"})")}),
      R"({
  "schema": 2,   "shows": "a, b and {c}",
  "object": {"source": "a.bpf.c"},
  "expect": [
    {"when": "kernel < 5.8",   "load": "failed",
     "because": "kept \"as\" it is, ] and all"},
    {"load": "failed", "cause": "license"}
  ],
  "attach":   true
}
)");
}

TEST(ExpectationText, a_case_without_expectations_gets_them_at_its_end) {
  EXPECT_EQ(with_expectations("{\n  \"schema\": 2\n}\n", {rule(R"({"load":"ok"})")}),
            "{\n  \"schema\": 2,\n  \"expect\": [\n    {\"load\": \"ok\"}\n  ]\n}\n");
}

// The house layout is what the suite is written in.
TEST(ExpectationText, reads_back_what_it_writes_for_every_rule_of_the_suite) {
  const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
  ASSERT_TRUE(suite) << suite.error().message;
  for (const CaseSpec& spec : *suite) {
    for (const ExpectationRule& one : spec.expect) {
      const ExpectationRule again = rule(rule_text(one).c_str());
      EXPECT_EQ(again.when.text(), one.when.text());
      EXPECT_EQ(again.program, one.program);
      EXPECT_EQ(again.allowed, one.allowed);
      EXPECT_EQ(again.because, one.because);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
