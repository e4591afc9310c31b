#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

namespace bpfmatrix {

namespace {

struct Character {
  /// Nothing: the byte here is no UTF-8.
  std::optional<char32_t> code{};
  std::size_t bytes = 1;
};

struct Range {
  char32_t first;
  char32_t last;
};

/// Unicode 15: control (Cc above ASCII), format (Cf), line and paragraph separators, fillers that
/// show nothing, and characters that there are not.
constexpr Range kUnprintable[] = {
    {0x7f, 0x9f},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
    {0x115f, 0x1160},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool is_printable(char32_t code) {
  if (code < 0x7f) return code >= ' ';
  const auto* range = std::lower_bound(std::begin(kUnprintable), std::end(kUnprintable), code,
                                       [](const Range& r, char32_t c) { return r.last < c; });
  return range == std::end(kUnprintable) || code < range->first;
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// How many bytes the character has that starts with this one; 0: none does.
std::size_t length_by(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/// RFC 3629: neither longer than needed, nor a surrogate, nor beyond U+10FFFF.
bool is_allowed(char32_t code, std::size_t bytes) {
  if (bytes == 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff);
  return bytes < 4 || (code >= 0x10000 && code <= 0x10ffff);
}

/// `text` is not empty.
Character first_character(std::string_view text) {
  const unsigned char first = byte_at(text, 0);
  const std::size_t bytes = length_by(first);
  if (bytes == 1) return {first, 1};
  if (bytes == 0 || bytes > text.size()) return {};
  char32_t code = first & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte_at(text, i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte_at(text, i) & 0x3fU);
  }
  return is_allowed(code, bytes) ? Character{code, bytes} : Character{};
}

std::string escaped_byte(unsigned char byte) { return fmt::format("\\x{:02x}", byte); }

std::string escaped(const Character& character, unsigned char first) {
  if (!character.code || *character.code < 0x80) return escaped_byte(first);
  return fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(*character.code));
}

std::string escaped_as_json(char32_t code) {
  const auto number = static_cast<std::uint32_t>(code);
  if (number < 0x10000) return fmt::format("\\u{:04x}", number);
  const std::uint32_t rest = number - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

constexpr std::size_t kByteEscape = 4;

/// The byte, where `text` starts with "\xff".
std::optional<unsigned char> leading_byte_escape(std::string_view text) {
  if (text.size() < kByteEscape || text[0] != '\\' || text[1] != 'x') return std::nullopt;
  const auto high = hex_digit(text[2]);
  const auto low = hex_digit(text[3]);
  if (!high || !low) return std::nullopt;
  return static_cast<unsigned char>(*high << 4 | *low);
}

}  // namespace

std::string printable(std::string_view text, Layout layout) {
  if (is_plain_ascii(text)) return std::string(text);
  std::string safe;
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool laid_out = layout == Layout::lines && (text[0] == '\n' || text[0] == '\t');
    if (laid_out || (character.code && is_printable(*character.code))) {
      safe += text.substr(0, character.bytes);
    } else {
      safe += escaped(character, byte_at(text, 0));
    }
    text.remove_prefix(character.bytes);
  }
  return safe;
}

std::string printable_json(std::string json) {
  const auto is_other = [](char c) { return static_cast<unsigned char>(c) >= 0x7f; };
  if (std::none_of(json.begin(), json.end(), is_other)) return json;
  std::string safe;
  std::string_view rest = json;
  while (!rest.empty()) {
    const Character character = first_character(rest);
    const bool stays = !is_other(rest[0]) || !character.code || is_printable(*character.code);
    safe += stays ? std::string(rest.substr(0, character.bytes)) : escaped_as_json(*character.code);
    rest.remove_prefix(character.bytes);
  }
  return safe;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.code) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string valid_text(std::string_view bytes) {
  return is_utf8(bytes) ? std::string(bytes) : escape_bytes(bytes);
}

std::string escape_bytes(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (character.code && !leading_byte_escape(bytes)) {
      text += bytes.substr(0, character.bytes);
    } else {
      text += escaped_byte(byte_at(bytes, 0));
    }
    bytes.remove_prefix(character.bytes);
  }
  return text;
}

std::string original_bytes(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const auto escaped = leading_byte_escape(text);
    bytes += escaped ? static_cast<char>(*escaped) : text[0];
    text.remove_prefix(escaped ? kByteEscape : 1);
  }
  return bytes;
}

int columns_of(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace bpfmatrix
