// Where records are written to, value by value (base/json_fields.h): JSON as text, or as a tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace bpfmatrix {

/// Writes JSON as text, on one line, as json_text() does.
class JsonText {
 public:
  void begin_object() { open('{'); }
  void end_object() { text_ += '}'; }
  void begin_array() { open('['); }
  void end_array() { text_ += ']'; }
  void key(std::string_view key);
  void null() { word("null"); }
  void boolean(bool value) { word(value ? "true" : "false"); }
  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  void string(std::string_view text);
  void value(const OrderedJson& json);
  std::string take() { return std::move(text_); }

 private:
  /// A comma, unless it is the first of its object or array, or belongs to a key.
  void separate();
  void open(char bracket);
  void word(std::string_view word);
  void quote(std::string_view text);

  std::string text_{};
};

/// Writes JSON as a tree of J, which is Json or OrderedJson.
template <typename J>
class JsonTree {
 public:
  void begin_object() { open(J::object()); }
  void end_object() { open_.pop_back(); }
  void begin_array() { open(J::array()); }
  void end_array() { open_.pop_back(); }
  void key(std::string_view key) { key_ = key; }
  void null() { add(nullptr); }
  void boolean(bool value) { add(value); }
  void integer(std::int64_t value) { add(value); }
  void integer(std::uint64_t value) { add(value); }
  void string(std::string_view text) { add(std::string(text)); }
  void value(const OrderedJson& json) { add(J(json)); }
  J take() { return std::move(root_); }

 private:
  J* add(J json) {
    if (open_.empty()) return &(root_ = std::move(json));
    J& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(json));
    return &(parent[std::string(key_)] = std::move(json));
  }
  void open(J json) { open_.push_back(add(std::move(json))); }

  J root_{};
  std::string_view key_{};
  std::vector<J*> open_{};
};

}  // namespace bpfmatrix
