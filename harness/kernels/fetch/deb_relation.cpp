#include "kernels/fetch/deb_relation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bpfmatrix {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// '~' sorts before the end, letters before everything else.
int weight(std::string_view text, std::size_t at) {
  if (at >= text.size() || is_digit(text[at])) return 0;
  if (text[at] == '~') return -1;
  return is_letter(text[at]) ? text[at] : text[at] + 256;
}

std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

std::strong_ordering compare_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a[0])) || (!b.empty() && !is_digit(b[0]))) {
      const auto order = weight(a, 0) <=> weight(b, 0);
      if (order != 0) return order;
      if (!a.empty()) a.remove_prefix(1);
      if (!b.empty()) b.remove_prefix(1);
    }
    const std::string_view left = take_number(a);
    const std::string_view right = take_number(b);
    if (left.size() != right.size()) return left.size() <=> right.size();
    if (left != right) return left <=> right;
  }
  return std::strong_ordering::equal;
}

struct VersionParts {
  std::string_view epoch = "0";
  std::string_view upstream{};
  std::string_view revision = "0";
};

VersionParts split_version(std::string_view text) {
  VersionParts parts;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    parts.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (const auto dash = text.rfind('-'); dash != std::string_view::npos) {
    parts.revision = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  parts.upstream = text;
  return parts;
}

/// "name", "name:any", "name (op version)", each perhaps followed by "[arch list]" or "<profile>".
Result<DebRelation> parse_relation(std::string_view text) {
  const Error malformed{fmt::format("'{}': not a dependency", text)};
  DebRelation relation;
  const auto name_end = std::min(text.find_first_of(" (["), text.size());
  relation.package = text.substr(0, std::min(name_end, text.find(':')));
  if (relation.package.empty()) return malformed;
  const auto open = text.find('(');
  if (open == std::string_view::npos) return relation;
  const auto close = text.find(')', open);
  if (close == std::string_view::npos) return malformed;
  std::string_view inner = trim(text.substr(open + 1, close - open - 1));
  const auto op_end = std::min(inner.find_first_not_of("<>="), inner.size());
  relation.comparison = inner.substr(0, op_end);
  relation.version = trim(inner.substr(op_end));
  constexpr std::array<std::string_view, 5> kComparisons{"<<", "<=", "=", ">=", ">>"};
  const bool known = std::find(kComparisons.begin(), kComparisons.end(), relation.comparison) !=
                     kComparisons.end();
  if (!known || relation.version.empty()) return malformed;
  return relation;
}

}  // namespace

std::strong_ordering compare_deb_versions(std::string_view a, std::string_view b) {
  const VersionParts left = split_version(a);
  const VersionParts right = split_version(b);
  if (const auto order = compare_part(left.epoch, right.epoch); order != 0) return order;
  if (const auto order = compare_part(left.upstream, right.upstream); order != 0) return order;
  return compare_part(left.revision, right.revision);
}

bool DebRelation::accepts(std::string_view candidate) const {
  if (comparison.empty()) return true;
  const auto order = compare_deb_versions(candidate, version);
  if (comparison == "<<") return order < 0;
  if (comparison == "<=") return order <= 0;
  if (comparison == ">=") return order >= 0;
  if (comparison == ">>") return order > 0;
  return order == 0;
}

Result<std::vector<DebAlternatives>> parse_relations(std::string_view field) {
  std::vector<DebAlternatives> groups;
  for (const std::string_view group : split(field, ',')) {
    if (trim(group).empty()) return Error{fmt::format("'{}': an empty dependency", field)};
    DebAlternatives alternatives;
    for (const std::string_view text : split(group, '|')) {
      Result<DebRelation> relation = parse_relation(trim(text));
      if (!relation) return std::move(relation).error();
      alternatives.push_back(*std::move(relation));
    }
    groups.push_back(std::move(alternatives));
  }
  return groups;
}

}  // namespace bpfmatrix
