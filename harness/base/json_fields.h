// One list of fields per record; reader, writer and JSON Schema come from it.
//
// A record is a struct of plain members. Its list is one function beside it, found by its type:
//
//     struct Attempt {
//       bool cloned = false;
//       End end = End::lost;                        // an enum with words: base/words.h
//       std::string reason{};
//       std::optional<std::int64_t> loader_ms{};    // nothing <-> null
//       std::vector<Reply> replies{};               // of records too, and std::map<std::string, T>
//     };
//     void fields(auto& field, Of<Attempt> auto& a) {
//       field("cloned", a.cloned, "a clone of a template, not a machine that was booted");
//       field("end", a.end, "how it ended");
//       field("reason", null_if_empty(a.reason), "why `end` is not completed");
//       field("loader_ms", a.loader_ms, "the loader's own time, by the guest's clock");
//       field("replies", a.replies, "what the guest answered, in order");
//     }
//
//     Result<Attempt> read = from_json<Attempt>(json, "attempts.jsonl:3");
//     std::string line = to_json_text(attempt);
//     OrderedJson schema = json_schema<Attempt>("title", "description");
//
// Beside a plain member, a field may be one of these; each is read, written and in the schema:
//   null_if_empty(a.text)      a string that is never empty in JSON, but null
//   left_out_if_none(a.maybe)  an optional whose key is not written when there is nothing; without
//                              it every key is always there
//   within<0, 4096>(a.number)  an integer in these bounds; without it, in those of its type
//   checked<is_sha256>(a.text, "not a sha256")
//                              a string, or optional string, that bool is_sha256(string_view) likes
//   field.constant("schema", 2, "what it is", "hint")
//                              a number that must be this one
//   field.object("btf", "what it is", [&](auto& btf) { btf("bytes", k.btf_bytes, "its size"); })
//                              an object in JSON whose fields are members of this very struct
//   fields(field, a.stage)     the fields of a member, among those of this record
// Order of the list is order in the JSON. The description goes into the schema; records without a
// published schema may leave it out. Any other type: specialise JsonType<T> (below).
//
// Reading is strict. The first error is the result, and names the file, the way to the record and
// the key: "'FILE: programs[0]: load': key 'log': missing", "...: wanted a string, got number",
// "...: unknown word 'x'" (the hint lists the known ones), "'FILE: vm': unknown key 'size'".
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.h"
#include "base/json_sinks.h"
#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

template <typename T, typename Record>
concept Of = std::same_as<std::remove_const_t<T>, Record>;

/// How one type is read from JSON, written and described. The primary template is a record with a
/// list of fields. A specialisation has these three, as static functions:
///     void read(const Json& json, T& value, const JsonPlace& place, JsonProblem& problem);
///     void write(auto& sink, const T& value);     // sink: JsonText or JsonTree
///     OrderedJson schema();
template <typename T>
struct JsonType;

/// The way to a value, for errors; costs nothing while there is none.
struct JsonPlace {
  const JsonPlace* parent = nullptr;
  /// A key; of the outermost place, the name of the file.
  std::string_view key{};
  /// Of an element of an array, which has no key.
  std::optional<std::size_t> index{};
};

/// The first thing that is wrong.
class JsonProblem {
 public:
  bool found() const { return error_.has_value(); }
  Error take() { return *std::move(error_); }

  /// Of the value at `place`.
  void fail(const JsonPlace& place, std::string_view problem, std::string hint = "");
  void wrong_type(const JsonPlace& place, std::string_view wanted, const Json& got);
  void missing(const JsonPlace& object, std::string_view key);
  /// The first key of `json` that is not in `known`.
  void unknown_key(const JsonPlace& object, const Json& json,
                   const std::vector<std::string_view>& known);

 private:
  std::optional<Error> error_{};
};

// What a field may be beside a plain member: T is const where it is written.

template <typename T>
struct NullIfEmpty {
  T& value;
};
template <typename T>
NullIfEmpty<T> null_if_empty(T& value) {
  return {value};
}

template <typename T>
struct LeftOutIfNone {
  T& value;
};
template <typename T>
LeftOutIfNone<T> left_out_if_none(T& value) {
  return {value};
}

template <auto low, auto high, typename T>
struct Within {
  T& value;
};
template <auto low, auto high, typename T>
Within<low, high, T> within(T& value) {
  return {value};
}

template <auto fits, typename T>
struct Checked {
  T& value;
  std::string_view problem;
};
template <auto fits, typename T>
Checked<fits, T> checked(T& value, std::string_view problem) {
  return {value, problem};
}

namespace json_fields {

template <typename T>
struct IsLeftOut : std::false_type {};
template <typename T>
struct IsLeftOut<LeftOutIfNone<T>> : std::true_type {};

template <typename T>
using TypeOf = JsonType<std::remove_cvref_t<T>>;

/// Hands each field of one object to its type's reader.
class Reader {
 public:
  Reader(const Json& json, const JsonPlace& place, JsonProblem& problem)
      : json_(json), place_(place), problem_(problem) {}

  template <typename T>
  void operator()(std::string_view key, T&& value, std::string_view = {}) {
    const Json* found = find(key, !IsLeftOut<std::remove_cvref_t<T>>());
    if (found != nullptr) TypeOf<T>::read(*found, value, {&place_, key}, problem_);
  }

  void constant(std::string_view key, std::int64_t wanted, std::string_view = {},
                std::string_view hint = {});

  template <typename Body>
  void object(std::string_view key, std::string_view, Body body) {
    const Json* found = find(key, true);
    if (found != nullptr) read_object(*found, {&place_, key}, problem_, body);
  }

  /// Reads an object whose fields `body` lists.
  template <typename Body>
  static void read_object(const Json& json, const JsonPlace& place, JsonProblem& problem,
                          Body body);

 private:
  /// nullptr: it is not there, or nothing is looked at any more. An error if it is `needed`.
  const Json* find(std::string_view key, bool needed);

  const Json& json_;
  const JsonPlace& place_;
  JsonProblem& problem_;
  std::size_t found_ = 0;
};

/// The keys of an object, for an error about one that is not among them.
class Keys {
 public:
  template <typename T>
  void operator()(std::string_view key, T&&, std::string_view = {}) {
    keys_.push_back(key);
  }
  void constant(std::string_view key, std::int64_t, std::string_view = {}, std::string_view = {}) {
    keys_.push_back(key);
  }
  template <typename Body>
  void object(std::string_view key, std::string_view, Body) {
    keys_.push_back(key);
  }
  const std::vector<std::string_view>& keys() const { return keys_; }

 private:
  std::vector<std::string_view> keys_{};
};

template <typename Body>
void Reader::read_object(const Json& json, const JsonPlace& place, JsonProblem& problem,
                         Body body) {
  if (!json.is_object()) return problem.wrong_type(place, "an object", json);
  Reader reader(json, place, problem);
  body(reader);
  if (problem.found() || reader.found_ == json.size()) return;
  Keys keys;
  body(keys);
  problem.unknown_key(place, json, keys.keys());
}

template <typename Sink>
class Writer {
 public:
  explicit Writer(Sink& sink) : sink_(sink) {}

  template <typename T>
  void operator()(std::string_view key, T&& value, std::string_view = {}) {
    if constexpr (IsLeftOut<std::remove_cvref_t<T>>()) {
      if (!value.value) return;
    }
    sink_.key(key);
    TypeOf<T>::write(sink_, value);
  }
  void constant(std::string_view key, std::int64_t value, std::string_view = {},
                std::string_view = {}) {
    sink_.key(key);
    sink_.integer(value);
  }
  template <typename Body>
  void object(std::string_view key, std::string_view, Body body) {
    sink_.key(key);
    sink_.begin_object();
    body(*this);
    sink_.end_object();
  }

 private:
  Sink& sink_;
};

class SchemaWriter {
 public:
  template <typename T>
  void operator()(std::string_view key, T&&, std::string_view description = {}) {
    add(key, TypeOf<T>::schema(), description, !IsLeftOut<std::remove_cvref_t<T>>());
  }
  void constant(std::string_view key, std::int64_t value, std::string_view description = {},
                std::string_view = {}) {
    add(key, {{"const", value}}, description, true);
  }
  template <typename Body>
  void object(std::string_view key, std::string_view description, Body body) {
    SchemaWriter inner;
    body(inner);
    add(key, inner.take(), description, true);
  }
  OrderedJson take();

 private:
  void add(std::string_view key, OrderedJson schema, std::string_view description, bool needed);

  OrderedJson required_ = OrderedJson::array();
  OrderedJson properties_ = OrderedJson::object();
};

/// The same schema, for what may be null too.
OrderedJson or_null(OrderedJson schema);
OrderedJson enum_schema(const std::vector<std::pair<std::string_view, std::string_view>>& words);

void read(const Json& json, bool& value, const JsonPlace& place, JsonProblem& problem);
void read(const Json& json, std::string& value, const JsonPlace& place, JsonProblem& problem);

/// The integer if it lies in these bounds, as 64 bits of either sign; else an error.
std::optional<std::uint64_t> read_bits(const Json& json, std::int64_t low, std::uint64_t high,
                                       const JsonPlace& place, JsonProblem& problem);

}  // namespace json_fields

template <typename T>
struct JsonType {
  static void read(const Json& json, T& value, const JsonPlace& place, JsonProblem& problem) {
    json_fields::Reader::read_object(json, place, problem,
                                     [&](auto& visitor) { fields(visitor, value); });
  }
  static void write(auto& sink, const T& value) {
    sink.begin_object();
    json_fields::Writer writer(sink);
    fields(writer, value);
    sink.end_object();
  }
  static OrderedJson schema() {
    json_fields::SchemaWriter writer;
    T record{};
    fields(writer, record);
    return writer.take();
  }
};

template <>
struct JsonType<bool> {
  static void read(const Json& json, bool& value, const JsonPlace& place, JsonProblem& problem) {
    json_fields::read(json, value, place, problem);
  }
  static void write(auto& sink, bool value) { sink.boolean(value); }
  static OrderedJson schema() { return {{"type", "boolean"}}; }
};

template <>
struct JsonType<std::string> {
  static void read(const Json& json, std::string& value, const JsonPlace& place,
                   JsonProblem& problem) {
    json_fields::read(json, value, place, problem);
  }
  static void write(auto& sink, const std::string& value) { sink.string(value); }
  static OrderedJson schema() { return {{"type", "string"}}; }
};

/// Whatever it is.
template <>
struct JsonType<Json> {
  static void read(const Json& json, Json& value, const JsonPlace&, JsonProblem&) { value = json; }
  static void write(auto& sink, const Json& value) { sink.value(OrderedJson(value)); }
  static OrderedJson schema() { return OrderedJson::object(); }
};

template <std::integral T>
struct JsonType<T> {
  static constexpr auto kLow = static_cast<std::int64_t>(std::numeric_limits<T>::min());
  static constexpr auto kHigh = static_cast<std::uint64_t>(std::numeric_limits<T>::max());

  static void read(const Json& json, T& value, const JsonPlace& place, JsonProblem& problem) {
    if (const auto bits = json_fields::read_bits(json, kLow, kHigh, place, problem))
      value = static_cast<T>(*bits);
  }
  static void write(auto& sink, T value) {
    if constexpr (std::is_signed_v<T>) {
      sink.integer(static_cast<std::int64_t>(value));
    } else {
      sink.integer(static_cast<std::uint64_t>(value));
    }
  }
  static OrderedJson schema() {
    if constexpr (std::is_signed_v<T>) return {{"type", "integer"}};
    return {{"type", "integer"}, {"minimum", 0}};
  }
};

template <auto low, auto high, typename T>
struct JsonType<Within<low, high, T>> {
  static void read(const Json& json, Within<low, high, T> field, const JsonPlace& place,
                   JsonProblem& problem) {
    if (const auto bits = json_fields::read_bits(json, low, high, place, problem))
      field.value = static_cast<T>(*bits);
  }
  static void write(auto& sink, Within<low, high, T> field) {
    JsonType<std::remove_const_t<T>>::write(sink, field.value);
  }
  static OrderedJson schema() { return {{"type", "integer"}, {"minimum", low}, {"maximum", high}}; }
};

template <HasWords E>
struct JsonType<E> {
  static void read(const Json& json, E& value, const JsonPlace& place, JsonProblem& problem) {
    if (!json.is_string()) return problem.wrong_type(place, "a string", json);
    const auto& text = json.get_ref<const std::string&>();
    const std::optional<E> known = parse_word<E>(text);
    if (known) value = *known;
    if (!known) problem.fail(place, "unknown word '" + text + "'", "known: " + known_words<E>());
  }
  static void write(auto& sink, E value) { sink.string(to_string(value)); }
  static OrderedJson schema() {
    std::vector<std::pair<std::string_view, std::string_view>> words;
    for (const Word<E>& one : words_of(E{})) words.emplace_back(one.word, one.description);
    return json_fields::enum_schema(words);
  }
};

template <auto fits, typename T>
struct JsonType<Checked<fits, T>> {
  static void read(const Json& json, Checked<fits, T> field, const JsonPlace& place,
                   JsonProblem& problem) {
    Type::read(json, field.value, place, problem);
    if (!problem.found() && !is_right(field.value)) problem.fail(place, field.problem);
  }
  static void write(auto& sink, Checked<fits, T> field) { Type::write(sink, field.value); }
  static OrderedJson schema() { return Type::schema(); }

 private:
  using Type = JsonType<std::remove_const_t<T>>;
  static bool is_right(const std::string& text) { return fits(text); }
  static bool is_right(const std::optional<std::string>& text) { return !text || fits(*text); }
};

template <typename T>
struct JsonType<NullIfEmpty<T>> {
  static void read(const Json& json, NullIfEmpty<T> field, const JsonPlace& place,
                   JsonProblem& problem) {
    field.value.clear();
    if (!json.is_null()) json_fields::read(json, field.value, place, problem);
  }
  static void write(auto& sink, NullIfEmpty<T> field) {
    if (field.value.empty()) return sink.null();
    sink.string(field.value);
  }
  static OrderedJson schema() { return {{"type", {"string", "null"}}}; }
};

template <typename T>
struct JsonType<LeftOutIfNone<T>> {
  using Inner = typename std::remove_const_t<T>::value_type;
  static void read(const Json& json, LeftOutIfNone<T> field, const JsonPlace& place,
                   JsonProblem& problem) {
    JsonType<Inner>::read(json, field.value.emplace(), place, problem);
  }
  static void write(auto& sink, LeftOutIfNone<T> field) {
    JsonType<Inner>::write(sink, *field.value);
  }
  static OrderedJson schema() { return JsonType<Inner>::schema(); }
};

template <typename T>
struct JsonType<std::optional<T>> {
  static void read(const Json& json, std::optional<T>& value, const JsonPlace& place,
                   JsonProblem& problem) {
    value.reset();
    if (!json.is_null()) JsonType<T>::read(json, value.emplace(), place, problem);
  }
  static void write(auto& sink, const std::optional<T>& value) {
    if (!value) return sink.null();
    JsonType<T>::write(sink, *value);
  }
  static OrderedJson schema() { return json_fields::or_null(JsonType<T>::schema()); }
};

template <typename T>
struct JsonType<std::vector<T>> {
  static void read(const Json& json, std::vector<T>& value, const JsonPlace& place,
                   JsonProblem& problem) {
    if (!json.is_array()) return problem.wrong_type(place, "an array", json);
    value.clear();
    value.reserve(json.size());
    for (const Json& item : json) {
      const JsonPlace at{&place, {}, value.size()};
      JsonType<T>::read(item, value.emplace_back(), at, problem);
      if (problem.found()) return;
    }
  }
  static void write(auto& sink, const std::vector<T>& value) {
    sink.begin_array();
    for (const T& item : value) JsonType<T>::write(sink, item);
    sink.end_array();
  }
  static OrderedJson schema() { return {{"type", "array"}, {"items", JsonType<T>::schema()}}; }
};

template <typename T, typename Less>
struct JsonType<std::map<std::string, T, Less>> {
  using Map = std::map<std::string, T, Less>;
  static void read(const Json& json, Map& value, const JsonPlace& place, JsonProblem& problem) {
    if (!json.is_object()) return problem.wrong_type(place, "an object", json);
    value.clear();
    for (auto entry = json.begin(); entry != json.end(); ++entry) {
      const JsonPlace at{&place, entry.key()};
      // Both are in order.
      const auto here = value.emplace_hint(value.end(), entry.key(), T{});
      JsonType<T>::read(*entry, here->second, at, problem);
      if (problem.found()) return;
    }
  }
  static void write(auto& sink, const Map& value) {
    sink.begin_object();
    for (const auto& [key, item] : value) {
      sink.key(key);
      JsonType<T>::write(sink, item);
    }
    sink.end_object();
  }
  static OrderedJson schema() {
    return {{"type", "object"}, {"additionalProperties", JsonType<T>::schema()}};
  }
};

/// `source` names the file in errors. Error: the first thing that is wrong with it.
template <typename Record>
Result<Record> from_json(const Json& json, std::string_view source) {
  Record record{};
  JsonProblem problem;
  JsonType<Record>::read(json, record, JsonPlace{nullptr, source}, problem);
  if (problem.found()) return problem.take();
  return record;
}

/// The same, of a text.
template <typename Record>
Result<Record> from_json_text(std::string_view text, std::string_view source) {
  const Result<Json> json = parse_json(text, source);
  if (!json) return json.error();
  return from_json<Record>(*json, source);
}

/// On one line, without its end.
template <typename Record>
std::string to_json_text(const Record& record) {
  JsonText text;
  JsonType<Record>::write(text, record);
  return text.take();
}

template <typename J = OrderedJson, typename Record>
J to_json_tree(const Record& record) {
  JsonTree<J> tree;
  JsonType<Record>::write(tree, record);
  return tree.take();
}

/// JSON Schema, draft 2020-12.
template <typename Record>
OrderedJson json_schema(std::string_view title, std::string_view description) {
  OrderedJson schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                     {"title", title},
                     {"description", description}};
  schema.update(JsonType<Record>::schema());
  return schema;
}

}  // namespace bpfmatrix
