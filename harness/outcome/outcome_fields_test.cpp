#include "outcome/outcome_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/golden_test_support.h"
#include "base/hostile_test_support.h"
#include "base/printable.h"
#include "base/temp_dir.h"
#include "outcome/testing/full_outcome.h"

namespace bpfmatrix {
namespace {

TEST(OutcomeJson, everything_comes_back_as_it_was) {
  const std::string line = to_json(full_outcome()).dump();
  const auto read = outcome_from_json(*parse_json(line, "f"), "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read).dump(), line);
}

TEST(OutcomeJson, an_empty_outcome_is_lost_and_nothing_was_tried) {
  const OrderedJson json = to_json(Outcome{});
  EXPECT_EQ(json["end"], "lost");
  EXPECT_EQ(json["open"]["result"], "not_reached");
  EXPECT_TRUE(outcome_from_json(*parse_json(json.dump(), "f"), "f"));
}

TEST(OutcomeJson, every_stage_has_the_same_words) {
  const OrderedJson json = to_json(full_outcome());
  EXPECT_EQ(json["open"]["result"], "ok");
  EXPECT_EQ(json["relocate"]["result"], "ok");
  EXPECT_EQ(json["maps"][0]["result"], "failed");
  EXPECT_EQ(json["programs"][0]["load"]["result"], "ok");
  EXPECT_EQ(json["programs"][0]["attach"]["result"], "failed");
  EXPECT_EQ(to_json(Outcome{})["open"]["result"], "not_reached");
}

TEST(OutcomeJson, hostile_texts_come_back_as_they_were_and_are_no_controls_in_the_line) {
  const Outcome hostile = hostile_outcome(kControls);
  const std::string line = to_line(hostile);
  EXPECT_EQ(printable(line), line);
  const auto read = outcome_from_json(*parse_json(line, "f"), "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(hostile));
  EXPECT_EQ(read->programs[0].name, kControls);
}

TEST(OutcomeJson, texts_that_are_no_utf8_are_written_escaped_and_stay_so) {
  const Outcome hostile = hostile_outcome(kHostile);
  const std::string line = to_line(hostile);
  const auto read = outcome_from_json(*parse_json(line, "f"), "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->programs[0].name, valid_text(kHostile));
  EXPECT_EQ(to_line(*read), line);
  EXPECT_EQ(json_text(to_json(hostile)), line);
}

/// A change to the line, and the error it must give.
struct Bad {
  const char* pointer;
  const char* value;
  const char* message;
};
constexpr Bad kBad[] = {
    {"/schema", "1", "'f': key 'schema': wanted 2, got 1"},
    {"/end", "\"fine\"", "'f': key 'end': unknown word 'fine'"},
    {"/surplus", "1", "'f': unknown key 'surplus'"},
    {"/kernel/btf/size", "1", "'f: kernel: btf': unknown key 'size'"},
    {"/open/result", "\"accepted\"", "'f: open': key 'result': unknown word 'accepted'"},
    {"/programs/0/load/stats/insns", "\"41\"",
     "'f: programs[0]: load: stats': key 'insns': wanted an integer, got string"},
    {"/maps/0/name", "null", "'f: maps[0]': key 'name': wanted a string, got null"},
    {"/programs/0/run/arguments", "\"some\"",
     "'f: programs[0]: run': key 'arguments': unknown word 'some'"},
    {"/programs/0/relocations/0/result", "\"done\"",
     "'f: programs[0]: relocations[0]': key 'result': unknown word 'done'"},
    {"/programs/0/relocations/0/cross_check", "\"me\"",
     "'f: programs[0]: relocations[0]': key 'cross_check': unknown word 'me'"},
    {"/programs/0/relocations/0/target_value", "-1",
     "'f: programs[0]: relocations[0]': key 'target_value': wanted an integer from 0 to "
     "18446744073709551615, got -1"},
    {"/programs/0/relocations/1/insn", "null",
     "'f: programs[0]: relocations[1]': key 'insn': wanted an integer, got null"},
    {"/observed/1/value", "1.5",
     "'f: observed[1]': key 'value': wanted an integer or a text, got number"},
    {"/observed/0/value", "null",
     "'f: observed[0]': key 'value': wanted an integer or a text, got null"},
    {"/observed/0/result", "\"fine\"", "'f: observed[0]': key 'result': unknown word 'fine'"},
    {"/trigger/performed/1/ret", "null",
     "'f: trigger: performed[1]': key 'ret': wanted an integer, got null"},
};
TEST(OutcomeJson, what_does_not_belong_is_named_with_its_place) {
  for (const Bad& row : kBad) {
    Json json = Json::parse(to_json(full_outcome()).dump());
    json[Json::json_pointer(row.pointer)] = Json::parse(row.value);
    const auto read = outcome_from_json(json, "f");
    ASSERT_FALSE(read) << row.pointer;
    EXPECT_EQ(read.error().message, row.message);
  }
}

TEST(ReadOutcomes, leaves_out_a_line_that_was_being_written) {
  const Result<TempDir> dir = TempDir::create();
  const std::string line = to_json(full_outcome()).dump() + "\n";
  ASSERT_TRUE(write_file(dir->path() / "o", line + line + line.substr(0, 100)));
  const auto outcomes = read_outcomes(dir->path() / "o");
  ASSERT_TRUE(outcomes) << outcomes.error().message;
  EXPECT_EQ(outcomes->size(), 2U);
}

TEST(ReadOutcomes, names_file_and_line_of_what_is_wrong) {
  const Result<TempDir> dir = TempDir::create();
  const auto file = dir->path() / "o";
  ASSERT_TRUE(write_file(file, to_json(full_outcome()).dump() + "\n{}\n"));
  const auto outcomes = read_outcomes(file);
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().message, "'" + file.string() + ":2': key 'schema': missing");
}

/// Walks schema and value together: every key that is written is described, and has a description.
void expect_described(const Json& schema, const Json& value, const std::string& where) {
  EXPECT_TRUE(schema.contains("description") || where == "outcome") << where;
  if (value.is_array() && !value.empty()) {
    Json item = schema.at("items");
    item["description"] = "";
    return expect_described(item, value.at(0), where + "[]");
  }
  if (!value.is_object()) return;
  EXPECT_EQ(schema.at("additionalProperties"), false) << where;
  for (const auto& [key, inner] : value.items()) {
    expect_described(schema.at("properties").at(key), inner, where + "." + key);
  }
}

TEST(OutcomeSchema, describes_every_key) {
  expect_described(Json::parse(outcome_schema().dump()),
                   Json::parse(to_json(full_outcome()).dump()), "outcome");
}

TEST(OutcomeSchema, is_made_from_the_list_of_fields) {
  expect_golden(BPFMATRIX_SOURCE_DIR "/harness/outcome/outcome.schema.json",
                outcome_schema().dump(1) + "\n");
}

}  // namespace
}  // namespace bpfmatrix
