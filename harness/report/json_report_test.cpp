#include "report/json_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/golden_test_support.h"
#include "report/measured_test_support.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

TEST(JsonReport, schema_is_what_the_code_writes) {
  expect_golden(BPFMATRIX_SOURCE_DIR "/harness/report/report.schema.json",
                json_report_schema().dump(1) + "\n");
}

TEST(JsonReport, what_is_printed_of_a_real_run_keeps_to_it) {
  const std::vector<Outcome>& outcomes = measured_outcomes();
  Baseline before = accept({}, outcomes, {}, nullptr, false);
  before.begin()->second.front().sign = Sign::attached;
  before["k/gone/kernel/libbpf"] = before.begin()->second;
  before.erase(std::prev(before.end(), 2));
  const VerdictSummary summary =
      judge_all(outcomes, {"k/planned/kernel/libbpf"}, {}, nullptr, nullptr, {.baseline = &before});
  const std::string text = json_text(
      json_report(make_matrix_view(outcomes), summary, root_causes(summary, outcomes)), 1);
  const Result<Json> json = parse_json(text, "report");
  ASSERT_TRUE(json);
  EXPECT_GT((*json)["verdicts"]["root_causes"].size(), 0U);
  const Result<> right = check_json_report(*json, "report");
  EXPECT_TRUE(right) << right.error().message;
  Json other = *json;
  other["verdicts"]["root_causes"][0]["more"] = 1;
  EXPECT_THAT(check_json_report(other, "report").error().message, HasSubstr("unknown key 'more'"));
}

}  // namespace
}  // namespace bpfmatrix
