#include "base/json_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace bpfmatrix {

namespace {

/// "FILE: programs[0]: load".
std::string text_of(const JsonPlace& place) {
  if (place.parent == nullptr) return std::string(place.key);
  const std::string parent = text_of(*place.parent);
  return place.index ? fmt::format("{}[{}]", parent, *place.index)
                     : fmt::format("{}: {}", parent, place.key);
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

}  // namespace

void JsonProblem::fail(const JsonPlace& place, std::string_view problem, std::string hint) {
  if (error_) return;
  std::string indices;
  const JsonPlace* at = &place;
  for (; at->index; at = at->parent) indices = fmt::format("[{}]{}", *at->index, indices);
  std::string message =
      at->parent == nullptr
          ? fmt::format("'{}{}': {}", at->key, indices, problem)
          : fmt::format("'{}': key '{}{}': {}", text_of(*at->parent), at->key, indices, problem);
  error_ = Error{std::move(message), std::move(hint)};
}

void JsonProblem::wrong_type(const JsonPlace& place, std::string_view wanted, const Json& got) {
  fail(place, fmt::format("wanted {}, got {}", wanted, got.type_name()));
}

void JsonProblem::missing(const JsonPlace& object, std::string_view key) {
  fail({&object, key}, "missing");
}

void JsonProblem::unknown_key(const JsonPlace& object, const Json& json,
                              const std::vector<std::string_view>& known) {
  if (error_) return;
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    error_ = Error{fmt::format("'{}': unknown key '{}'", text_of(object), key),
                   fmt::format("known keys: {}", fmt::join(known, ", "))};
    return;
  }
}

void JsonText::separate() {
  if (text_.empty()) return;
  const char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_ += ',';
}

void JsonText::open(char bracket) {
  separate();
  text_ += bracket;
}

void JsonText::word(std::string_view word) {
  separate();
  text_ += word;
}

void JsonText::key(std::string_view key) {
  separate();
  quote(key);
  text_ += ':';
}

void JsonText::integer(std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  word({digits.begin(), end});
}

void JsonText::integer(std::uint64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  word({digits.begin(), end});
}

void JsonText::string(std::string_view text) {
  separate();
  quote(text);
}

void JsonText::quote(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    text_ += '"';
    text_ += text;
    text_ += '"';
  } else {
    text_ += json_text(Json(text));
  }
}

void JsonText::value(const OrderedJson& json) { word(json_text(json)); }

namespace json_fields {

const Json* Reader::find(std::string_view key, bool needed) {
  if (problem_.found()) return nullptr;
  const auto found = json_.find(key);
  if (found == json_.end()) {
    if (needed) problem_.missing(place_, key);
    return nullptr;
  }
  ++found_;
  return &*found;
}

void Reader::constant(std::string_view key, std::int64_t wanted, std::string_view,
                      std::string_view hint) {
  const Json* found = find(key, true);
  if (found == nullptr || *found == wanted) return;
  problem_.fail({&place_, key}, fmt::format("wanted {}, got {}", wanted, json_text(*found)),
                std::string(hint));
}

void read(const Json& json, bool& value, const JsonPlace& place, JsonProblem& problem) {
  if (!json.is_boolean()) return problem.wrong_type(place, "true or false", json);
  value = json.get<bool>();
}

void read(const Json& json, std::string& value, const JsonPlace& place, JsonProblem& problem) {
  if (!json.is_string()) return problem.wrong_type(place, "a string", json);
  value = json.get_ref<const std::string&>();
}

std::optional<std::uint64_t> read_bits(const Json& json, std::int64_t low, std::uint64_t high,
                                       const JsonPlace& place, JsonProblem& problem) {
  if (!json.is_number_integer()) {
    problem.wrong_type(place, "an integer", json);
    return std::nullopt;
  }
  const bool negative = !json.is_number_unsigned() && json.get<std::int64_t>() < 0;
  const auto bits =
      negative ? static_cast<std::uint64_t>(json.get<std::int64_t>()) : json.get<std::uint64_t>();
  const bool fits = negative
                        ? json.get<std::int64_t>() >= low
                        : bits <= high && (low <= 0 || bits >= static_cast<std::uint64_t>(low));
  if (fits) return bits;
  problem.fail(place,
               fmt::format("wanted an integer from {} to {}, got {}", low, high, json_text(json)));
  return std::nullopt;
}

void SchemaWriter::add(std::string_view key, OrderedJson schema, std::string_view description,
                       bool needed) {
  OrderedJson property = OrderedJson::object();
  if (!description.empty()) property["description"] = description;
  property.update(schema);
  if (needed) required_.push_back(key);
  properties_[std::string(key)] = std::move(property);
}

OrderedJson SchemaWriter::take() {
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", std::move(required_)},
          {"properties", std::move(properties_)}};
}

OrderedJson or_null(OrderedJson schema) {
  if (schema.contains("oneOf")) {
    schema["oneOf"].push_back({{"type", "null"}});
  } else if (schema.contains("enum")) {
    schema["enum"].push_back(nullptr);
  } else if (schema.contains("type") && schema["type"].is_string()) {
    schema["type"] = OrderedJson::array({schema["type"], "null"});
  } else if (schema.contains("type")) {
    schema["type"].push_back("null");
  }
  return schema;
}

OrderedJson enum_schema(const std::vector<std::pair<std::string_view, std::string_view>>& words) {
  const bool described = std::any_of(words.begin(), words.end(),
                                     [](const auto& word) { return !word.second.empty(); });
  OrderedJson list = OrderedJson::array();
  for (const auto& [word, description] : words) {
    if (!described) {
      list.push_back(word);
    } else if (description.empty()) {
      list.push_back({{"const", word}});
    } else {
      list.push_back({{"const", word}, {"description", description}});
    }
  }
  return {{described ? "oneOf" : "enum", std::move(list)}};
}

}  // namespace json_fields

}  // namespace bpfmatrix
