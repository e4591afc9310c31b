#include "base/load_settings.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace bpfmatrix {

namespace {

constexpr std::string_view kTimes = " * ";
constexpr std::size_t kMaxElements = 65'536;
constexpr const char* kAmountHint = "wanted a number, \"cpus\", or as in \"page_size * 64\"";

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

}  // namespace

bool wants_size(std::string_view map_type) {
  return map_type != "perf_event_array" && map_type != "struct_ops" &&
         !map_type.ends_with("_storage");
}

Result<Amount> parse_amount(std::string_view text) {
  const std::size_t at = text.find(kTimes);
  const auto of = parse_word<AmountOf>(text.substr(0, at));
  std::optional<std::uint32_t> times = 1;
  if (at != std::string_view::npos) times = number(text.substr(at + kTimes.size()));
  if (!of || *of == AmountOf::one || !times || *times == 0)
    return Error{fmt::format("'{}' is no size", text), kAmountHint};
  return Amount{*of, *times};
}

std::string to_string(const Amount& amount) {
  if (amount.of == AmountOf::one) return std::to_string(amount.times);
  if (amount.times == 1) return std::string(to_string(amount.of));
  return fmt::format("{}{}{}", to_string(amount.of), kTimes, amount.times);
}

void JsonType<Amount>::read(const Json& json, Amount& value, const JsonPlace& place,
                            JsonProblem& problem) {
  if (json.is_number_integer()) {
    value.of = AmountOf::one;
    return JsonType<std::uint32_t>::read(json, value.times, place, problem);
  }
  if (!json.is_string()) return problem.wrong_type(place, "a number or a text", json);
  const Result<Amount> amount = parse_amount(json.get_ref<const std::string&>());
  if (!amount) return problem.fail(place, amount.error().message, amount.error().hint);
  value = *amount;
}

OrderedJson JsonType<Amount>::schema() {
  return {{"anyOf",
           {{{"type", "integer"},
             {"minimum", 0},
             {"maximum", std::numeric_limits<std::uint32_t>::max()}},
            {{"type", "string"}, {"pattern", "^(cpus|page_size)( \\* [1-9][0-9]*)?$"}}}}};
}

void JsonType<GlobalValue>::read(const Json& json, GlobalValue& value, const JsonPlace& place,
                                 JsonProblem& problem) {
  if (json.is_boolean()) {
    value.value = std::int64_t{json.get<bool>() ? 1 : 0};
  } else if (json.is_string()) {
    value.value = json.get<std::string>();
  } else if (json.is_number_integer()) {
    JsonType<std::int64_t>::read(json, value.value.emplace<std::int64_t>(), place, problem);
  } else if (json.is_array() && json.size() <= kMaxElements) {
    JsonType<std::vector<std::int64_t>>::read(
        json, value.value.emplace<std::vector<std::int64_t>>(), place, problem);
  } else {
    problem.wrong_type(place, "an integer, a boolean, a text or an array of integers", json);
  }
}

OrderedJson JsonType<GlobalValue>::schema() {
  return {{"anyOf",
           {{{"type", {"integer", "boolean", "string"}}},
            {{"type", "array"}, {"maxItems", kMaxElements}, {"items", {{"type", "integer"}}}}}}};
}

}  // namespace bpfmatrix
