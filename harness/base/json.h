// Strict reading of JSON that people and other programs write: a wrong type, a missing or an
// unknown key is one error that names file and key. nlohmann's exceptions end here.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

using Json = nlohmann::json;
/// Keeps the keys in the order they were written: what a person reads.
using OrderedJson = nlohmann::ordered_json;

/// `source` names the text in errors. Refused: more than 64 levels of nesting, duplicate keys.
Result<Json> parse_json(std::string_view text, std::string_view source);

/// The only way from JSON to text. `indent`: blanks a level, below 0 all on one line. Never throws:
/// bytes that are no UTF-8 are escaped as valid_text() does, and nothing is lost. Nor is there a
/// character in it that a terminal would act on: JSON's own escapes stand for those.
std::string json_text(const Json& json, int indent = -1);
std::string json_text(const OrderedJson& json, int indent = -1);

/// The same JSON with another text for each string in it, keys among them.
using TextChange = std::function<std::string(std::string_view)>;
Json with_texts(const Json& json, const TextChange& change);
OrderedJson with_texts(const OrderedJson& json, const TextChange& change);

/// One JSON object being read. Getters note the key as known and remember the first error; `finish`
/// reports it, or the first key that was not read:
///
///     ObjectReader reader(json, "case.json");
///     spec.name = reader.string("name");
///     spec.loaders = reader.optional_strings("loaders").value_or(std::vector{...});
///     if (Result<> read = reader.finish(); !read) return std::move(read).error();
class ObjectReader {
 public:
  /// `where` is what errors start with: a file, and for inner objects the key that led here.
  ObjectReader(const Json& json, std::string where);

  std::string string(std::string_view key);
  std::optional<std::string> optional_string(std::string_view key);
  std::int64_t integer(std::string_view key);
  std::optional<std::int64_t> optional_integer(std::string_view key);
  bool boolean(std::string_view key);
  std::optional<bool> optional_boolean(std::string_view key);
  std::vector<std::string> strings(std::string_view key);
  std::optional<std::vector<std::string>> optional_strings(std::string_view key);

  /// The raw value, nullptr when the key is absent or null; its reader goes on with `where(key)`.
  const Json* any(std::string_view key);
  const Json* required(std::string_view key);
  const Json* array(std::string_view key);
  const Json* object(std::string_view key);
  std::string where(std::string_view key) const;

  /// Adds an error of the caller's: the value has the right type and is wrong all the same.
  void fail(std::string_view key, std::string_view problem, std::string hint = "");
  /// Takes over the error of a reader further in.
  void adopt(const Error& inner);
  bool failed() const { return error_.has_value(); }
  Result<> finish();

 private:
  const Json* typed(std::string_view key, bool needed, std::string_view wanted,
                    bool (Json::*is)() const noexcept);
  template <typename T>
  std::optional<T> value(std::string_view key, bool needed, std::string_view wanted,
                         bool (Json::*is)() const noexcept);
  /// The first key that was not read.
  std::optional<std::string> unknown_key() const;
  std::optional<std::vector<std::string>> string_list(std::string_view key, bool needed);

  const Json* json_;
  std::string where_;
  std::set<std::string, std::less<>> known_{};
  std::optional<Error> error_{};
};

}  // namespace bpfmatrix
