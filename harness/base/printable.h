// Text from outside (objects, guests, archives, run directories, command lines) made fit to be
// shown and to be kept. What is escaped looks alike everywhere:
//     \x1b      a byte: a control character of ASCII, or one that is no UTF-8
//     \u{202e}  a character: a control character above ASCII, or one that moves or hides others
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix {

/// What stays as it is beside printable characters.
enum class Layout {
  one_line,  ///< nothing: a name, a field of a table
  lines,     ///< line ends and tabs: a log, a message with lines of its own
};

/// For the edge: whatever reaches a terminal goes through here, and nothing else escapes for it.
/// Escaped are control characters (C0, DEL, C1), invisible and zero-width ones, those that change
/// the direction of text, line and paragraph separators, and bytes that are no UTF-8. To do it
/// twice changes nothing; columns are counted afterwards.
std::string printable(std::string_view text, Layout layout = Layout::one_line);

/// The same, for text that is JSON already: escaped as JSON does, so that it stays the same JSON.
/// Valid UTF-8 only.
std::string printable_json(std::string json);

/// For the entry: UTF-8 stays as it is, other text is given as escape_bytes() gives it.
std::string valid_text(std::string_view bytes);

/// Bytes that are no UTF-8 become escapes, and a backslash that would read as the start of one
/// becomes \x5c: different bytes never give the same text. For what must come back, as paths.
std::string escape_bytes(std::string_view bytes);
/// The bytes that escape_bytes() was given.
std::string original_bytes(std::string_view text);

bool is_utf8(std::string_view text);

/// Columns on a terminal of text that is printable: one a character.
int columns_of(std::string_view text);

}  // namespace bpfmatrix
