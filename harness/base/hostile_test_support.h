// For tests: text as a stranger would send it, to find out where it ends up.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/printable.h"

namespace bpfmatrix {

using namespace std::string_view_literals;

/// Valid UTF-8: a colour, a link, a C1 control, directions, what moves the cursor, a line of its
/// own, NUL.
inline const std::string kControls(
    "h\x1b[31m\x1b]8;;http://e\x07\u009b2J\u202e\u2066\u200f\u200b\ufeff\u2028\r\b\x7f"
    "\nforged \tline\0!"sv);
/// And bytes that are none.
inline const std::string kHostile = kControls + "\xff\xc0\x9b\xed\xa0\x80";

inline void expect_printable(std::string_view text) {
  EXPECT_EQ(printable(text, Layout::lines), text);
}
/// Nor does a line of what a stranger sent stand there as one of ours.
inline void expect_no_forged_line(std::string_view text) {
  EXPECT_EQ(("\n" + std::string(text)).find("\nforged "), std::string::npos) << text;
}

}  // namespace bpfmatrix
