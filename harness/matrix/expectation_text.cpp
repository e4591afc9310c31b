#include "matrix/expectation_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_span.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kColumns = 100;
constexpr std::string_view kMargin = "    ";
constexpr std::string_view kInnerMargin = "     ";
constexpr std::string_view kObservedPrefix = "observed.";

std::string quoted(const std::string& text) { return json_text(Json(text)); }

std::string words_text(const std::vector<std::string>& words) {
  if (words.size() == 1) return quoted(words.front());
  std::vector<std::string> parts;
  for (const std::string& word : words) parts.push_back(quoted(word));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string pair_text(std::string_view key, const std::string& value) {
  return fmt::format("\"{}\": {}", key, value);
}

/// {"pid": "right", "comm": "wrong"}; empty where no single value is named.
std::string observed_text(const ExpectationRule& rule) {
  std::vector<std::string> parts;
  for (const auto& [field, words] : rule.allowed) {
    if (field.starts_with(kObservedPrefix))
      parts.push_back(
          fmt::format("{}: {}", quoted(field.substr(kObservedPrefix.size())), words_text(words)));
  }
  return parts.empty() ? "" : fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::vector<std::string> pairs_of(const ExpectationRule& rule) {
  std::vector<std::string> pairs;
  if (rule.when.text() != "always") pairs.push_back(pair_text("when", quoted(rule.when.text())));
  if (rule.program != "*") pairs.push_back(pair_text("program", quoted(rule.program)));
  for (const ExpectableField& field : expectable_fields()) {
    const auto words = rule.allowed.find(std::string(field.name));
    if (words != rule.allowed.end())
      pairs.push_back(pair_text(field.name, words_text(words->second)));
  }
  if (const std::string values = observed_text(rule); !values.empty())
    pairs.push_back(pair_text("observed", values));
  if (!rule.because.empty()) pairs.push_back(pair_text("because", quoted(rule.because)));
  return pairs;
}

std::string list_text(std::string_view case_text, const std::vector<JsonSpan>& items,
                      const std::vector<RuleSource>& rules) {
  std::vector<std::string> texts;
  for (const RuleSource& source : rules) {
    if (const auto* place = std::get_if<std::size_t>(&source)) {
      const JsonSpan& span = items.at(*place);
      texts.push_back(
          fmt::format("{}{}", kMargin, case_text.substr(span.begin, span.end - span.begin)));
    } else {
      texts.push_back(fmt::format("{}{}", kMargin, rule_text(std::get<ExpectationRule>(source))));
    }
  }
  return fmt::format("[\n{}\n  ]", fmt::join(texts, ",\n"));
}

}  // namespace

std::string rule_text(const ExpectationRule& rule) {
  const std::vector<std::string> pairs = pairs_of(rule);
  std::string text = "{";
  std::size_t column = kMargin.size() + 1;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool last = i + 1 == pairs.size();
    // A comma, or the brackets and the comma that may follow the last pair.
    const std::size_t width = pairs[i].size() + (last ? 2 : 1);
    if (i > 0 && column + 1 + width > kColumns) {
      text += fmt::format("\n{}", kInnerMargin);
      column = kInnerMargin.size();
    } else if (i > 0) {
      text += ' ';
      ++column;
    }
    text += pairs[i] + (last ? "}" : ",");
    column += pairs[i].size() + 1;
  }
  return text;
}

std::string with_expectations(std::string_view case_text, const std::vector<RuleSource>& rules) {
  const std::optional<JsonSpan> expect = find_value(case_text, "expect");
  const auto items = expect ? array_items(case_text, *expect) : std::vector<JsonSpan>{};
  const std::string list = list_text(case_text, items, rules);
  if (expect) {
    return fmt::format("{}{}{}", case_text.substr(0, expect->begin), list,
                       case_text.substr(expect->end));
  }
  const std::size_t end = case_text.rfind('}');
  const std::size_t last = case_text.find_last_not_of(" \t\r\n", end - 1);
  return fmt::format("{},\n  \"expect\": {}\n{}", case_text.substr(0, last + 1), list,
                     case_text.substr(end));
}

}  // namespace bpfmatrix
