#include "base/json.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/json_quick.h"

namespace bpfmatrix {
namespace {

TEST(ParseJson, names_the_source_and_the_place) {
  const Result<Json> json = parse_json("{\"a\": }", "case.json");
  ASSERT_FALSE(json);
  EXPECT_TRUE(json.error().message.starts_with("'case.json': parse error at line 1, column 7"))
      << json.error().message;
}

TEST(ParseJson, refuses_a_key_that_stands_twice) {
  EXPECT_EQ(parse_json("{\"a\":1,\"a\":2}", "f").error().message, "'f': key 'a' occurs twice");
  EXPECT_TRUE(parse_json("{\"a\":{\"a\":1},\"b\":{\"a\":2}}", "f"));
}

TEST(ParseJson, refuses_bottomless_nesting) {
  const Result<Json> json = parse_json(std::string(100000, '['), "f");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().message, "'f': nested deeper than 64 levels");
}

TEST(ObjectReader, reads_what_is_there) {
  const Json json = *parse_json(R"({"s":"x","i":3,"b":true,"l":["p","q"]})", "f");
  ObjectReader reader(json, "f");
  EXPECT_EQ(reader.string("s"), "x");
  EXPECT_EQ(reader.integer("i"), 3);
  EXPECT_TRUE(reader.boolean("b"));
  EXPECT_EQ(reader.strings("l"), (std::vector<std::string>{"p", "q"}));
  EXPECT_FALSE(reader.optional_string("absent"));
  EXPECT_TRUE(reader.finish());
}

struct BadJson {
  const char* json;
  const char* message;
};
constexpr BadJson kBadJson[] = {
    {R"([])", "'f': wanted an object, got array"},
    {R"({"l":[]})", "'f': key 's': missing"},
    {R"({"s":null,"l":[]})", "'f': key 's': missing"},
    {R"({"s":1,"l":[]})", "'f': key 's': wanted a string, got number"},
    {R"({"s":"","l":"x"})", "'f': key 'l': wanted an array of strings, got string"},
    {R"({"s":"","l":[1]})", "'f': key 'l': wanted an array of strings, got number in it"},
    {R"({"s":"","l":[],"t":1})", "'f': unknown key 't'"},
};
TEST(ObjectReader, one_clear_error_for_what_is_wrong) {
  for (const BadJson& row : kBadJson) {
    const Json json = *parse_json(row.json, "f");
    ObjectReader reader(json, "f");
    reader.string("s");
    reader.strings("l");
    const Result<> read = reader.finish();
    ASSERT_FALSE(read) << row.json;
    EXPECT_EQ(read.error().message, row.message);
  }
}

TEST(ObjectReader, a_misspelt_key_is_named_beside_the_one_that_is_missing) {
  const Json json = *parse_json(R"({"nmae":"x"})", "f");
  ObjectReader reader(json, "f");
  reader.string("name");
  const Error error = reader.finish().error();
  EXPECT_EQ(error.message, "'f': key 'name': missing");
  EXPECT_EQ(error.hint, "unknown key 'nmae'");
}

TEST(ObjectReader, an_unknown_key_comes_with_the_known_ones) {
  const Json json = *parse_json(R"({"nmae":"x"})", "f");
  ObjectReader reader(json, "f");
  reader.optional_string("name");
  reader.any("kernel");
  EXPECT_EQ(reader.finish().error().hint, "known keys: kernel, name");
}

TEST(JsonText, bytes_that_are_no_utf8_are_escaped_in_keys_and_values_and_the_order_stays) {
  const OrderedJson json{{"b\xff", OrderedJson::array({"\xe9", 1, nullptr})}, {"a", "\\xe9"}};
  EXPECT_EQ(json_text(json), R"({"b\\xff":["\\xe9",1,null],"a":"\\xe9"})");
}

TEST(JsonText, valid_text_stays_as_it_is) {
  EXPECT_EQ(json_text(Json{{"a", "\\xe9 µ"}}), R"({"a":"\\xe9 µ"})");
  EXPECT_EQ(json_text(Json{{"a", 1}}, 1), "{\n \"a\": 1\n}");
}

TEST(JsonText, holds_nothing_that_a_terminal_would_act_on) {
  EXPECT_EQ(json_text(Json("\x1b \u009b \u202e")), R"("\u001b \u009b \u202e")");
}

TEST(JsonText, is_the_only_way_from_json_to_text) {
  namespace fs = std::filesystem;
  const fs::path harness(BPFMATRIX_SOURCE_DIR "/harness");
  for (const fs::path& file : fs::recursive_directory_iterator(harness)) {
    const bool code = file.extension() == ".cpp" || file.extension() == ".h";
    const std::string path = file.lexically_relative(harness).string();
    if (!code || path == "base/json.cpp" || path.find("test") != std::string::npos) continue;
    const Result<std::string> source = read_file(file, 1 << 20);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->find(".dump("), std::string::npos) << path;
    EXPECT_EQ(source->find("->dump("), std::string::npos) << path;
  }
}

TEST(ParseJson, gives_the_same_whichever_parser_read_it) {
  for (const std::string_view text :
       {R"({"a":[1,-1,18446744073709551615,-9223372036854775808,true,null,"x\u00e9\n"],"b":{}})",
        R"("text")", "7", "[]", R"([[{"a":[]}],{"b":{"c":"d"}}])", "\"\xc3\xa9\""}) {
    const std::optional<Json> quick = parse_json_quickly(text);
    ASSERT_TRUE(quick) << text;
    const Json slow = Json::parse(text);
    EXPECT_EQ(*quick, slow);
    EXPECT_EQ(json_text(*quick), json_text(slow)) << "the same kinds of numbers";
  }
}

TEST(ParseJson, what_the_quick_parser_does_not_know_the_other_decides) {
  for (const std::string_view text : {"", "{", "1.5", R"({"a":1,"a":2})", "[1,]", "\"\xff\"",
                                      R"("\ud800")", "18446744073709551616", "{}x"})
    EXPECT_FALSE(parse_json_quickly(text)) << text;
  EXPECT_FALSE(parse_json_quickly(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(parse_json_quickly("\"" + std::string(2 << 20, 'x') + "\""));
  EXPECT_EQ(parse_json("1.5", "f")->get<double>(), 1.5);
}

}  // namespace
}  // namespace bpfmatrix
