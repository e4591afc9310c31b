// The words of an enum, in one table that writing, reading, JSON Schema and tests share:
//
//     enum class StageResult { not_reached, ok, failed };
//     inline constexpr Word<StageResult> kStageResultWords[] = {
//         {StageResult::not_reached, "not_reached", "the run did not come to it"},
//         {StageResult::ok, "ok", "it went well"},
//         {StageResult::failed, "failed", "the kernel or the loader said no"},
//     };
//     constexpr const auto& words_of(StageResult) { return kStageResultWords; }
//
// `words_of` stands in the enum's namespace. With it, to_string(value) and
// parse_word<StageResult>(text) are there, and json_fields.h can read and write the enum.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix {

template <typename E>
struct Word {
  E value;
  std::string_view word;
  /// For a reader of the JSON Schema; may be empty where the word says it all.
  std::string_view description{};
};

template <typename E>
concept HasWords = std::is_enum_v<E> && requires {
  words_of(E{});
};

template <HasWords E>
constexpr std::string_view to_string(E value) {
  for (const Word<E>& one : words_of(E{})) {
    if (one.value == value) return one.word;
  }
  assert(!"an enumerator without a word");
  return "";
}

/// Nothing: no enumerator is called so.
template <HasWords E>
constexpr std::optional<E> parse_word(std::string_view text) {
  for (const Word<E>& one : words_of(E{})) {
    if (one.word == text) return one.value;
  }
  return std::nullopt;
}

/// "completed, panicked, hung": what errors and hints list.
template <HasWords E>
std::string known_words() {
  std::string text;
  for (const Word<E>& one : words_of(E{})) {
    if (!text.empty()) text += ", ";
    text += one.word;
  }
  return text;
}

}  // namespace bpfmatrix
