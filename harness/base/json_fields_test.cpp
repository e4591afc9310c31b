#include "base/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"

namespace bpfmatrix {
namespace json_fields_test {

enum class Colour { red, light_green };
inline constexpr Word<Colour> kColourWords[] = {
    {Colour::red, "red", "as blood"},
    {Colour::light_green, "light-green", "as leaves"},
};
constexpr const auto& words_of(Colour) { return kColourWords; }

enum class Size { small, large };
inline constexpr Word<Size> kSizeWords[] = {{Size::small, "small"}, {Size::large, "large"}};
constexpr const auto& words_of(Size) { return kSizeWords; }

struct Part {
  std::string name{};
  std::int64_t ret = 0;
};
void fields(auto& field, Of<Part> auto& p) {
  field("name", p.name, "what it is called");
  field("ret", p.ret);
}

struct Thing {
  std::string text{};
  std::string note{};
  std::uint32_t narrow = 0;
  std::uint64_t wide = 0;
  std::int64_t low = 0;
  int level = 1;
  bool flag = false;
  Colour colour = Colour::red;
  std::optional<Size> size{};
  std::optional<std::uint64_t> count{};
  std::optional<Part> best{};
  std::vector<Part> parts{};
  std::vector<std::string> words{};
  std::optional<std::vector<std::string>> more{};
  std::map<std::string, std::int64_t> numbers{};
  std::map<std::string, std::map<std::string, Part>> groups{};
  std::uint64_t btf_bytes = 0;
  bool btf_present = false;
  std::string hash = std::string(64, 'a');
  std::optional<Part> extra{};
};
void fields(auto& field, Of<Thing> auto& t) {
  field.constant("schema", 3, "which edition", "make it again");
  field("text", t.text, "a text");
  field("note", null_if_empty(t.note), "null: none");
  field("narrow", t.narrow, "a number");
  field("wide", t.wide, "a number");
  field("low", t.low, "a number");
  field("level", within<1, 9>(t.level), "a number");
  field("flag", t.flag, "a flag");
  field("colour", t.colour, "a colour");
  field("size", t.size, "a size");
  field("count", t.count, "a count");
  field("best", t.best, "a part");
  field("parts", t.parts, "parts");
  field("words", t.words, "words");
  field("more", t.more, "words");
  field("numbers", t.numbers, "numbers");
  field("groups", t.groups, "parts by group and name");
  field.object("btf", "what it is made of", [&](auto& btf) {
    btf("bytes", t.btf_bytes, "how much");
    btf("present", t.btf_present, "whether");
  });
  field("hash", checked<is_sha256>(t.hash, "not a sha256"), "a hash");
  field("extra", left_out_if_none(t.extra), "a part");
}

}  // namespace json_fields_test

namespace {

using json_fields_test::Colour;
using json_fields_test::Part;
using json_fields_test::Size;
using json_fields_test::Thing;
using ::testing::ElementsAre;

Thing full_thing() {
  Thing t;
  t.text = "a \"quoted\"\n\t\x01 text with \xc3\xa9";
  t.note = "n";
  t.narrow = UINT32_MAX;
  t.wide = UINT64_MAX;
  t.low = INT64_MIN;
  t.level = 9;
  t.flag = true;
  t.colour = Colour::light_green;
  t.size = Size::large;
  t.count = 0;
  t.best = Part{"b", -1};
  t.parts = {{"p", 1}, {"q", 2}};
  t.words = {"x", ""};
  t.more = std::vector<std::string>{"y"};
  t.numbers = {{"a", 1}, {"b", -2}};
  t.groups = {{"g", {{"one", {"o", 1}}, {"two", {"t", 2}}}}, {"h", {}}};
  t.btf_bytes = 12;
  t.btf_present = true;
  t.extra = Part{"e", 5};
  return t;
}

TEST(JsonFields, everything_comes_back_as_it_was) {
  for (const Thing& thing : {full_thing(), Thing{}}) {
    const std::string text = to_json_text(thing);
    const Result<Thing> read = from_json_text<Thing>(text, "f");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_json_text(*read), text);
  }
}

TEST(JsonFields, text_and_trees_say_the_same) {
  const Thing thing = full_thing();
  EXPECT_EQ(to_json_tree(thing).dump(), to_json_text(thing));
  EXPECT_EQ(to_json_tree<Json>(thing), Json::parse(to_json_text(thing)));
}

TEST(JsonFields, order_is_that_of_the_list_and_absence_is_null) {
  EXPECT_EQ(to_json_text(Thing{}),
            R"({"schema":3,"text":"","note":null,"narrow":0,"wide":0,"low":0,"level":1,)"
            R"("flag":false,"colour":"red","size":null,"count":null,"best":null,"parts":[],)"
            R"("words":[],"more":null,"numbers":{},"groups":{},)"
            R"("btf":{"bytes":0,"present":false},"hash":")" +
                std::string(64, 'a') + "\"}");
}

TEST(JsonFields, what_was_there_before_is_gone) {
  Thing t = full_thing();
  JsonProblem problem;
  JsonType<Thing>::read(Json::parse(to_json_text(Thing{})), t, {nullptr, "f"}, problem);
  ASSERT_FALSE(problem.found());
  EXPECT_FALSE(t.size);
  EXPECT_TRUE(t.parts.empty());
  EXPECT_TRUE(t.numbers.empty());
  EXPECT_EQ(t.note, "");
}

TEST(JsonFields, bytes_that_are_no_utf8_are_escaped) {
  Part part{"\xff!", 0};
  EXPECT_EQ(to_json_text(part), R"({"name":"\\xff!","ret":0})");
}

/// A change to the full thing, and the error it must give.
struct Bad {
  const char* pointer;
  const char* value;
  const char* message;
  const char* hint = "";
};
constexpr Bad kBad[] = {
    {"/schema", "4", "'f': key 'schema': wanted 3, got 4", "make it again"},
    {"/schema", "\"3\"", "'f': key 'schema': wanted 3, got \"3\"", "make it again"},
    {"/text", "1", "'f': key 'text': wanted a string, got number"},
    {"/text", "null", "'f': key 'text': wanted a string, got null"},
    {"/note", "[]", "'f': key 'note': wanted a string, got array"},
    {"/narrow", "4294967296",
     "'f': key 'narrow': wanted an integer from 0 to 4294967295, got 4294967296"},
    {"/narrow", "-1", "'f': key 'narrow': wanted an integer from 0 to 4294967295, got -1"},
    {"/wide", "-1", "'f': key 'wide': wanted an integer from 0 to 18446744073709551615, got -1"},
    {"/wide", "1.5", "'f': key 'wide': wanted an integer, got number"},
    {"/low", "9223372036854775808",
     "'f': key 'low': wanted an integer from -9223372036854775808 to 9223372036854775807, got "
     "9223372036854775808"},
    {"/level", "0", "'f': key 'level': wanted an integer from 1 to 9, got 0"},
    {"/level", "10", "'f': key 'level': wanted an integer from 1 to 9, got 10"},
    {"/flag", "0", "'f': key 'flag': wanted true or false, got number"},
    {"/colour", "\"green\"", "'f': key 'colour': unknown word 'green'", "known: red, light-green"},
    {"/colour", "7", "'f': key 'colour': wanted a string, got number"},
    {"/size", "\"huge\"", "'f': key 'size': unknown word 'huge'", "known: small, large"},
    {"/count", "\"1\"", "'f': key 'count': wanted an integer, got string"},
    {"/best", "1", "'f': key 'best': wanted an object, got number"},
    {"/best/ret", "true", "'f: best': key 'ret': wanted an integer, got boolean"},
    {"/best/size", "1", "'f: best': unknown key 'size'", "known keys: name, ret"},
    {"/parts", "{}", "'f': key 'parts': wanted an array, got object"},
    {"/parts/1", "null", "'f': key 'parts[1]': wanted an object, got null"},
    {"/parts/1/name", "1", "'f: parts[1]': key 'name': wanted a string, got number"},
    {"/parts/0/nam", "1", "'f: parts[0]': unknown key 'nam'", "known keys: name, ret"},
    {"/words/1", "2", "'f': key 'words[1]': wanted a string, got number"},
    {"/numbers/b", "\"2\"", "'f: numbers': key 'b': wanted an integer, got string"},
    {"/groups/g/two/name", "1", "'f: groups: g: two': key 'name': wanted a string, got number"},
    {"/btf", "null", "'f': key 'btf': wanted an object, got null"},
    {"/btf/size", "1", "'f: btf': unknown key 'size'", "known keys: bytes, present"},
    {"/hash", "\"12\"", "'f': key 'hash': not a sha256"},
    {"/extra", "null", "'f': key 'extra': wanted an object, got null"},
};
TEST(JsonFields, what_is_wrong_is_named_with_its_place) {
  for (const Bad& row : kBad) {
    Json json = Json::parse(to_json_text(full_thing()));
    json[Json::json_pointer(row.pointer)] = Json::parse(row.value);
    const Result<Thing> read = from_json<Thing>(json, "f");
    ASSERT_FALSE(read) << row.pointer;
    EXPECT_EQ(read.error().message, row.message);
    EXPECT_EQ(read.error().hint, row.hint) << row.message;
  }
}

TEST(JsonFields, a_key_that_is_missing_is_named) {
  Json json = Json::parse(to_json_text(full_thing()));
  json.erase("note");
  EXPECT_EQ(from_json<Thing>(json, "f").error().message, "'f': key 'note': missing");
  json = Json::parse(to_json_text(full_thing()));
  json["parts"][0].erase("ret");
  EXPECT_EQ(from_json<Thing>(json, "f").error().message, "'f: parts[0]': key 'ret': missing");
}

TEST(JsonFields, only_what_may_be_left_out_may_be_missing) {
  Json json = Json::parse(to_json_text(full_thing()));
  json.erase("extra");
  const Result<Thing> read = from_json<Thing>(json, "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->extra);
}

TEST(JsonFields, what_is_no_object_and_no_json) {
  EXPECT_EQ(from_json_text<Part>("[1]", "f").error().message, "'f': wanted an object, got array");
  EXPECT_TRUE(from_json_text<Part>("{", "f").error().message.starts_with("'f': parse error"));
}

TEST(JsonFields, the_schema_describes_every_field) {
  const OrderedJson schema = json_schema<Thing>("A thing", "What it is.");
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["title"], "A thing");
  EXPECT_EQ(schema["additionalProperties"], false);
  const OrderedJson& p = schema["properties"];
  EXPECT_EQ(p["schema"].dump(), R"({"description":"which edition","const":3})");
  EXPECT_EQ(p["text"].dump(), R"({"description":"a text","type":"string"})");
  EXPECT_EQ(p["note"]["type"].dump(), R"(["string","null"])");
  EXPECT_EQ(p["narrow"].dump(), R"({"description":"a number","type":"integer","minimum":0})");
  EXPECT_EQ(p["low"].dump(), R"({"description":"a number","type":"integer"})");
  EXPECT_EQ(p["level"].dump(),
            R"({"description":"a number","type":"integer","minimum":1,"maximum":9})");
  EXPECT_EQ(p["colour"]["oneOf"].dump(), R"([{"const":"red","description":"as blood"},)"
                                         R"({"const":"light-green","description":"as leaves"}])");
  EXPECT_EQ(p["size"]["enum"].dump(), R"(["small","large",null])");
  EXPECT_EQ(p["best"]["type"].dump(), R"(["object","null"])");
  EXPECT_EQ(p["best"]["required"].dump(), R"(["name","ret"])");
  EXPECT_EQ(p["parts"]["items"]["properties"]["name"]["description"], "what it is called");
  EXPECT_EQ(p["more"]["type"].dump(), R"(["array","null"])");
  EXPECT_EQ(p["groups"]["additionalProperties"]["additionalProperties"]["type"], "object");
  EXPECT_EQ(p["btf"]["required"].dump(), R"(["bytes","present"])");
  const auto required = schema["required"].get<std::vector<std::string>>();
  EXPECT_EQ(required.size(), p.size() - 1) << "all but 'extra'";
}

TEST(Words, of_an_enum_come_back_as_they_were) {
  for (const auto& one : words_of(Colour{})) {
    EXPECT_EQ(to_string(one.value), one.word);
    EXPECT_EQ(parse_word<Colour>(one.word), one.value);
  }
  EXPECT_EQ(parse_word<Colour>("light_green"), std::nullopt);
  EXPECT_EQ(known_words<Colour>(), "red, light-green");
}

}  // namespace
}  // namespace bpfmatrix
