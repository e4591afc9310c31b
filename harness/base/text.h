// Splitting lines and fields without copying them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bpfmatrix {

std::string_view trim(std::string_view text);
/// The pieces between `separator`s; an empty text has none.
std::vector<std::string_view> split(std::string_view text, char separator);
/// Without its end.
std::string_view first_line(std::string_view text);
/// The words between runs of blanks.
std::vector<std::string_view> words(std::string_view text);
/// The whole text as a decimal number.
std::optional<std::uint64_t> parse_number(std::string_view text);
/// True for a relative path that stays below where it starts: no empty, "." or ".." component, no
/// NUL or control character, at most 4096 bytes.
bool is_safe_relative_path(std::string_view path);

}  // namespace bpfmatrix
