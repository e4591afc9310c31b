#include "base/printable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace bpfmatrix {
namespace {

using namespace std::string_view_literals;

struct Shown {
  std::string_view text;
  std::string_view shown;
};

constexpr Shown kShown[] = {
    {"", ""},
    {"plain text, 'quoted'", "plain text, 'quoted'"},
    {"µs ● 内核 😀", "µs ● 内核 😀"},
    {"\x1b[31mred", "\\x1b[31mred"},
    {"\x1b]8;;http://x\x07", "\\x1b]8;;http://x\\x07"},
    {"a\nb\tc", "a\\x0ab\\x09c"},
    {"over\rwritten\b", "over\\x0dwritten\\x08"},
    {"nul\0!"sv, "nul\\x00!"},
    {"del\x7f", "del\\x7f"},
    {"c1 \u009b31m", "c1 \\u{9b}31m"},
    {"bare c1 \x9b", "bare c1 \\x9b"},
    {"bidi \u202e\u2066\u200f", "bidi \\u{202e}\\u{2066}\\u{200f}"},
    {"zero width \u200b\u200d\ufeff", "zero width \\u{200b}\\u{200d}\\u{feff}"},
    {"separators \u2028\u2029", "separators \\u{2028}\\u{2029}"},
    {"tag \U000e0041", "tag \\u{e0041}"},
    {"soft\u00adhyphen", "soft\\u{ad}hyphen"},
    {"latin1 \xff\xe9", "latin1 \\xff\\xe9"},
    {"cut short \xe2\x82", "cut short \\xe2\\x82"},
    {"too long \xc0\x9b", "too long \\xc0\\x9b"},
    {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
    {"beyond \xf4\x90\x80\x80", "beyond \\xf4\\x90\\x80\\x80"},
};

TEST(Printable, what_is_not_printable_is_escaped_and_the_rest_stays) {
  for (const Shown& row : kShown) EXPECT_EQ(printable(row.text), row.shown);
}

TEST(Printable, to_do_it_twice_changes_nothing) {
  for (const Shown& row : kShown) EXPECT_EQ(printable(row.shown), row.shown);
}

TEST(Printable, a_text_with_lines_keeps_line_ends_and_tabs_only) {
  EXPECT_EQ(printable("a\n\tb\r\n\x1b[A", Layout::lines), "a\n\tb\\x0d\n\\x1b[A");
}

TEST(PrintableJson, is_the_same_json_without_a_character_that_does_not_print) {
  const Json json{{"k\u009b", "\u202e\u200b\x7f µ 😀 \U000e0041 \x1b"}};
  const std::string text = printable_json(json.dump());
  EXPECT_EQ(text, R"({"k\u009b":"\u202e\u200b\u007f µ 😀 \udb40\udc41 \u001b"})");
  EXPECT_EQ(Json::parse(text), json);
}

TEST(EscapeBytes, bytes_that_are_no_utf8_become_escapes_and_come_back) {
  const std::pair<std::string_view, std::string_view> kRows[] = {
      {"plain", "plain"},
      {"\xff", "\\xff"},
      {"\\xff", "\\x5cxff"},
      {"\\x5cxff", "\\x5cx5cxff"},
      {"C:\\new \\x \\xg \\", "C:\\new \\x \\xg \\"},
      {"\u202e\x1b[m stays"sv, "\u202e\x1b[m stays"sv},
      {"nul\0\xe9"sv, "nul\0\\xe9"sv},
      {"\xe2\x82", "\\xe2\\x82"},
      {"\\\xff", "\\\\xff"},
  };
  for (const auto& [bytes, text] : kRows) {
    EXPECT_EQ(escape_bytes(bytes), text);
    EXPECT_EQ(original_bytes(text), bytes);
    EXPECT_EQ(original_bytes(escape_bytes(text)), text);
  }
}

TEST(EscapeBytes, each_pair_of_bytes_comes_back) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes{'\\', static_cast<char>(first), static_cast<char>(second), 'f', 'f'};
      const std::string text = escape_bytes(bytes);
      ASSERT_EQ(original_bytes(text), bytes);
      ASSERT_NO_THROW((void)Json(text).dump()) << text;
    }
  }
}

TEST(ValidText, only_text_that_is_no_utf8_is_changed) {
  EXPECT_EQ(valid_text("\\xff µ \x1b"), "\\xff µ \x1b");
  EXPECT_EQ(valid_text("\\xff \xff"), "\\x5cxff \\xff");
}

TEST(ColumnsOf, counts_characters_and_not_bytes) {
  EXPECT_EQ(columns_of(""), 0);
  EXPECT_EQ(columns_of("µs ●"), 4);
  EXPECT_EQ(columns_of(printable("\x1b")), 4);
}

}  // namespace
}  // namespace bpfmatrix
