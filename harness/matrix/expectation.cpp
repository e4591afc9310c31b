#include "matrix/expectation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxRules = 64;
constexpr std::string_view kObserved = "observed";

/// One word or several: "failed", ["ok", "not_reached"].
std::vector<std::string> read_words(ObjectReader& reader, std::string_view key, const Json& value) {
  if (value.is_string()) return {value.get<std::string>()};
  std::vector<std::string> words;
  if (value.is_array() && !value.empty() &&
      std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); })) {
    for (const Json& item : value) words.push_back(item.get<std::string>());
  } else {
    reader.fail(key, "wanted a word or an array of words");
  }
  return words;
}

void check_words(ObjectReader& reader, const ExpectableField& field,
                 const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (field.words.empty()) continue;
    if (std::find(field.words.begin(), field.words.end(), word) != field.words.end()) continue;
    reader.fail(field.name, fmt::format("unknown word '{}'", word),
                fmt::format("known: {}", fmt::join(field.words, ", ")));
  }
}

/// "observed": "right" is for all values, {"tgid": "wrong"} for single ones.
void read_observed(ObjectReader& reader, const ExpectableField& field, const Json& value,
                   ExpectationRule& rule) {
  if (!value.is_object()) {
    rule.allowed[std::string(kObserved)] = read_words(reader, kObserved, value);
    return check_words(reader, field, rule.allowed[std::string(kObserved)]);
  }
  for (const auto& [name, words] : value.items()) {
    std::vector<std::string>& allowed = rule.allowed[fmt::format("{}.{}", kObserved, name)];
    allowed = read_words(reader, kObserved, words);
    check_words(reader, field, allowed);
  }
}

Result<ExpectationRule> read_rule(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  ExpectationRule rule;
  if (const auto when = reader.optional_string("when")) {
    Result<Condition> condition = Condition::parse(*when);
    if (!condition) reader.fail("when", condition.error().message);
    if (condition) rule.when = *std::move(condition);
  }
  rule.program = reader.optional_string("program").value_or("*");
  rule.because = reader.optional_string("because").value_or("");
  for (const ExpectableField& field : expectable_fields()) {
    const Json* value = reader.any(field.name);
    if (value == nullptr) continue;
    if (field.name == kObserved) {
      read_observed(reader, field, *value, rule);
    } else {
      std::vector<std::string> words = read_words(reader, field.name, *value);
      check_words(reader, field, words);
      rule.allowed[std::string(field.name)] = std::move(words);
    }
  }
  if (rule.allowed.empty()) reader.fail("load", "a rule must have an expectation");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return rule;
}

}  // namespace

const std::vector<ExpectableField>& expectable_fields() {
  static const std::vector<ExpectableField> kFields{
      {"end", {"completed", "panicked", "hung", "lost", "unavailable"}},
      {"open", {"ok", "failed", "not_reached"}},
      {"app", {"ended", "failed", "loaded_nothing", "not_ready", "wrong_output", "not_reached"}},
      {"maps", {"ok", "failed", "not_reached"}},
      {"relocate", {"ok", "failed", "not_reached"}},
      {"relocations", {"resolved", "unchanged", "poisoned", "skipped", "failed", "none"}},
      {"load", {"ok", "failed", "not_tried", "did_without", "not_reached"}},
      {"cause", {}},
      {"attach", {"ok", "failed", "not_attached", "did_without", "not_reached"}},
      {"fired", {"yes", "no", "not_reached"}},
      {"arguments", {"direct", "wrapped", "wrong", "unknown"}},
      {kObserved, {"right", "wrong", "absent"}},
  };
  return kFields;
}

std::vector<ExpectationRule> default_expectations() {
  ExpectationRule rule;
  rule.allowed = {
      {"load", {"ok"}}, {"attach", {"ok", "not_reached"}}, {"app", {"ended", "not_reached"}}};
  rule.because = "expected: it loads, and attaches where its section says";
  return {rule};
}

std::vector<ExpectationRule> app_expectations() {
  ExpectationRule rule;
  rule.allowed = {{"load", {"ok", "not_tried", "did_without"}},
                  {"attach", {"ok", "did_without", "not_attached", "not_reached"}},
                  {"app", {"ended"}}};
  rule.because = "expected: it comes up, with what it chooses to load";
  return {rule};
}

std::vector<Error> expectation_errors(const Json& json, const std::string& where) {
  if (!json.is_array())
    return {Error{fmt::format("'{}': wanted an array of rules, got {}", where, json.type_name())}};
  if (json.size() > kMaxRules)
    return {Error{fmt::format("'{}': more than {} rules", where, kMaxRules)}};
  std::vector<Error> errors;
  for (std::size_t i = 0; i < json.size(); ++i) {
    Result<ExpectationRule> rule = read_rule(json[i], fmt::format("{}[{}]", where, i));
    if (!rule) errors.push_back(std::move(rule).error());
  }
  return errors;
}

Result<std::vector<ExpectationRule>> read_expectations(const Json& json, const std::string& where) {
  if (std::vector<Error> errors = expectation_errors(json, where); !errors.empty())
    return std::move(errors.front());
  std::vector<ExpectationRule> rules;
  for (std::size_t i = 0; i < json.size(); ++i)
    rules.push_back(*read_rule(json[i], fmt::format("{}[{}]", where, i)));
  return rules;
}

}  // namespace bpfmatrix
