// Where values are in the text of a JSON file, to change a part of a file that people
// wrote and leave the rest as it is.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace bpfmatrix {

/// [begin, end) of the text.
struct JsonSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The value of `key` in the object that the text is. The text must be JSON (see parse_json).
/// Nothing: no such key, or the text is no object.
std::optional<JsonSpan> find_value(std::string_view text, std::string_view key);

/// The items of the array at `array`; none of any other value.
std::vector<JsonSpan> array_items(std::string_view text, JsonSpan array);

}  // namespace bpfmatrix
