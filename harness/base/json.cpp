#include "base/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_quick.h"
#include "base/printable.h"

namespace bpfmatrix {

namespace {

/// Builds the value from the parser's events, and stops it at nesting or keys no honest file has.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(Json& root) : root_(root) {}

  /// What stopped the parser.
  const std::string& problem() const { return problem_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [place, is_new] = members.try_emplace(std::move(key));
    member_ = &place->second;
    return is_new || stop(fmt::format("key '{}' occurs twice", place->first));
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    const std::string_view what = error.what();
    const std::size_t at = what.find("parse error");
    return stop(std::string(what.substr(at == what.npos ? 0 : at)));
  }

 private:
  bool stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  Json* place(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_array()) return &open_.back()->emplace_back(std::move(value));
    return &(*member_ = std::move(value));
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    open_.push_back(place(std::move(value)));
    return open_.size() <= kMaxJsonDepth ||
           stop(fmt::format("nested deeper than {} levels", kMaxJsonDepth));
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  std::vector<Json*> open_{};
  /// Of the innermost object, the one whose key was read last.
  Json* member_ = nullptr;
  std::string problem_{};
};

template <typename J>
J changed(const J& json, const TextChange& change) {
  if (json.is_string()) return change(json.template get_ref<const std::string&>());
  if (!json.is_structured()) return json;
  J whole = json.is_array() ? J::array() : J::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      whole.push_back(changed(value, change));
    } else {
      whole[change(key)] = changed(value, change);
    }
  }
  return whole;
}

template <typename J>
std::string text_of(const J& json, int indent) {
  try {
    return printable_json(json.dump(indent));
  } catch (const typename J::type_error&) {
    return printable_json(changed(json, valid_text).dump(indent));
  }
}

}  // namespace

std::string json_text(const Json& json, int indent) { return text_of(json, indent); }
std::string json_text(const OrderedJson& json, int indent) { return text_of(json, indent); }

Json with_texts(const Json& json, const TextChange& change) { return changed(json, change); }
OrderedJson with_texts(const OrderedJson& json, const TextChange& change) {
  return changed(json, change);
}

Result<Json> parse_json(std::string_view text, std::string_view source) {
#ifdef BPFMATRIX_QUICK_JSON  // programs in guests do without
  if (std::optional<Json> quick = parse_json_quickly(text)) return *std::move(quick);
#endif
  Json json;
  Builder builder(json);
  if (Json::sax_parse(text, &builder)) return json;
  return Error{fmt::format("'{}': {}", source, builder.problem())};
}

ObjectReader::ObjectReader(const Json& json, std::string where)
    : json_(&json), where_(std::move(where)) {
  if (!json.is_object()) {
    error_ = Error{fmt::format("'{}': wanted an object, got {}", where_, json.type_name())};
  }
}

std::string ObjectReader::where(std::string_view key) const {
  return fmt::format("{}: {}", where_, key);
}

void ObjectReader::fail(std::string_view key, std::string_view problem, std::string hint) {
  if (!error_)
    error_ = Error{fmt::format("'{}': key '{}': {}", where_, key, problem), std::move(hint)};
}

void ObjectReader::adopt(const Error& inner) {
  if (!error_) error_ = inner;
}

const Json* ObjectReader::any(std::string_view key) {
  known_.emplace(key);
  if (!json_->is_object()) return nullptr;
  const auto found = json_->find(key);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

const Json* ObjectReader::required(std::string_view key) {
  const Json* value = any(key);
  if (value == nullptr) fail(key, "missing");
  return value;
}

const Json* ObjectReader::typed(std::string_view key, bool needed, std::string_view wanted,
                                bool (Json::*is)() const noexcept) {
  const Json* value = needed ? required(key) : any(key);
  if (value == nullptr) return nullptr;
  if ((value->*is)()) return value;
  fail(key, fmt::format("wanted {}, got {}", wanted, value->type_name()));
  return nullptr;
}

template <typename T>
std::optional<T> ObjectReader::value(std::string_view key, bool needed, std::string_view wanted,
                                     bool (Json::*is)() const noexcept) {
  const Json* found = typed(key, needed, wanted, is);
  if (found == nullptr) return std::nullopt;
  return found->get<T>();
}

std::string ObjectReader::string(std::string_view key) {
  return value<std::string>(key, true, "a string", &Json::is_string).value_or("");
}
std::optional<std::string> ObjectReader::optional_string(std::string_view key) {
  return value<std::string>(key, false, "a string", &Json::is_string);
}
std::int64_t ObjectReader::integer(std::string_view key) {
  return value<std::int64_t>(key, true, "an integer", &Json::is_number_integer).value_or(0);
}
std::optional<std::int64_t> ObjectReader::optional_integer(std::string_view key) {
  return value<std::int64_t>(key, false, "an integer", &Json::is_number_integer);
}
bool ObjectReader::boolean(std::string_view key) {
  return value<bool>(key, true, "true or false", &Json::is_boolean).value_or(false);
}
std::optional<bool> ObjectReader::optional_boolean(std::string_view key) {
  return value<bool>(key, false, "true or false", &Json::is_boolean);
}
const Json* ObjectReader::array(std::string_view key) {
  return typed(key, false, "an array", &Json::is_array);
}
const Json* ObjectReader::object(std::string_view key) {
  return typed(key, false, "an object", &Json::is_object);
}

std::optional<std::vector<std::string>> ObjectReader::string_list(std::string_view key,
                                                                  bool needed) {
  const Json* list = typed(key, needed, "an array of strings", &Json::is_array);
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& item : *list) {
    if (!item.is_string()) {
      fail(key, fmt::format("wanted an array of strings, got {} in it", item.type_name()));
      return std::nullopt;
    }
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::vector<std::string> ObjectReader::strings(std::string_view key) {
  return string_list(key, true).value_or(std::vector<std::string>{});
}
std::optional<std::vector<std::string>> ObjectReader::optional_strings(std::string_view key) {
  return string_list(key, false);
}

Result<> ObjectReader::finish() {
  const std::optional<std::string> stranger = unknown_key();
  if (error_ && stranger && error_->hint.empty())
    error_->hint = fmt::format("unknown key '{}'", *stranger);
  if (error_) return *error_;
  if (!stranger) return {};
  return Error{fmt::format("'{}': unknown key '{}'", where_, *stranger),
               fmt::format("known keys: {}", fmt::join(known_, ", "))};
}

std::optional<std::string> ObjectReader::unknown_key() const {
  if (!json_->is_object()) return std::nullopt;
  for (const auto& [key, value] : json_->items()) {
    if (!known_.contains(key)) return key;
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
