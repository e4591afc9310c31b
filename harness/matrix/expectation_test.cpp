#include "matrix/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

Result<std::vector<ExpectationRule>> read(const char* json) {
  return read_expectations(*parse_json(json, "f"), "f: expect");
}

TEST(Expectation, rules_keep_their_order_and_say_why) {
  const auto rules = read(R"([
    {"when": "kernel < 5.8", "load": "failed", "cause": ["map_type_unknown", "unknown"], "because": "5.8"},
    {"program": "on_*", "load": "ok", "attach": ["ok", "not_reached"], "observed": "right"},
    {"load": "ok", "observed": {"tgid": "wrong", "comm": ["right", "absent"]}}])");
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->size(), 3U);
  EXPECT_EQ((*rules)[0].when.text(), "kernel < 5.8");
  EXPECT_THAT((*rules)[0].allowed.at("cause"), ElementsAre("map_type_unknown", "unknown"));
  EXPECT_EQ((*rules)[0].because, "5.8");
  EXPECT_EQ((*rules)[1].program, "on_*");
  EXPECT_THAT((*rules)[1].allowed.at("observed"), ElementsAre("right"));
  EXPECT_THAT((*rules)[2].allowed.at("observed.comm"), ElementsAre("right", "absent"));
  EXPECT_EQ((*rules)[2].program, "*");
}

struct BadExpectation {
  const char* json;
  const char* message;
};
constexpr BadExpectation kBadExpectations[] = {
    {R"({})", "'f: expect': wanted an array of rules, got object"},
    {R"([{}])", "'f: expect[0]': key 'load': a rule must have an expectation"},
    {R"([{"load":"ok"},{"laod":"accepted","load":"ok"}])", "'f: expect[1]': unknown key 'laod'"},
    {R"([{"load":"acepted"}])", "'f: expect[0]': key 'load': unknown word 'acepted'"},
    {R"([{"load":[]}])", "'f: expect[0]': key 'load': wanted a word or an array of words"},
    {R"([{"load":1}])", "'f: expect[0]': key 'load': wanted a word or an array of words"},
    {R"([{"observed":{"x":"rihgt"}}])", "'f: expect[0]': key 'observed': unknown word 'rihgt'"},
    {R"([{"when":"kernel 5","load":"failed"}])",
     "'f: expect[0]': key 'when': condition: column 8: wanted one of < <= == != >= >, got '5'"},
};
TEST(Expectation, one_clear_error_for_each_mistake) {
  for (const BadExpectation& row : kBadExpectations) {
    const auto rules = read(row.json);
    ASSERT_FALSE(rules) << row.json;
    EXPECT_EQ(rules.error().message, row.message);
  }
}

}  // namespace
}  // namespace bpfmatrix
