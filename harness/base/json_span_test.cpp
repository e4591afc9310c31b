#include "base/json_span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string value(const std::string& text, const char* key) {
  const auto span = find_value(text, key);
  return span ? text.substr(span->begin, span->end - span->begin) : "-";
}

std::vector<std::string> items(const std::string& text) {
  std::vector<std::string> all;
  for (const JsonSpan& span : array_items(text, {0, text.size()}))
    all.push_back(text.substr(span.begin, span.end - span.begin));
  return all;
}

TEST(JsonSpan, finds_the_value_of_a_key_and_only_at_the_top) {
  const std::string text = R"( { "a" : {"x": [1, "}]\""]} ,"x":"\\" , "last":-1.5e3 } )";
  EXPECT_EQ(value(text, "a"), R"({"x": [1, "}]\""]})");
  EXPECT_EQ(value(text, "x"), R"("\\")");
  EXPECT_EQ(value(text, "last"), "-1.5e3");
  EXPECT_EQ(value(text, "none"), "-");
  EXPECT_EQ(value("[]", "a"), "-");
  EXPECT_EQ(value("{}", "a"), "-");
}

TEST(JsonSpan, lists_the_items_of_an_array_as_they_are_written) {
  EXPECT_THAT(items("[ {\"a\": [1,\n 2]} , \"b,]\",\n3 ]"),
              ElementsAre("{\"a\": [1,\n 2]}", "\"b,]\"", "3"));
  EXPECT_THAT(items("[]"), IsEmpty());
  EXPECT_THAT(items("{}"), IsEmpty());
}

TEST(JsonSpan, what_is_no_json_ends_the_walk) {
  for (const char* text :
       {"", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "[", "[\"", "[{", "[1,", "[\"\\"}) {
    EXPECT_LE(value(text, "b").size(), std::string(text).size() + 1);
    EXPECT_LE(items(text).size(), 1U) << text;
  }
}

}  // namespace
}  // namespace bpfmatrix
