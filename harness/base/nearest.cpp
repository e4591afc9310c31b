#include "base/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

/// What is longer is nobody's slip of the finger, and would take long.
constexpr std::size_t kMaxLength = 256;
constexpr std::size_t kMaxListed = 8;
/// A part of a name is a hint from this length on.
constexpr std::size_t kMinPart = 3;

bool is_wild(char c) { return c == '*'; }

}  // namespace

int edit_distance(std::string_view word, std::string_view name) {
  word = word.substr(0, kMaxLength);
  name = name.substr(0, kMaxLength);
  // rows[i % 3][j]: of the first i characters of the word and the first j of the name.
  std::vector<int> rows[3];
  for (std::vector<int>& row : rows) row.assign(name.size() + 1, 0);
  for (std::size_t j = 0; j <= name.size(); ++j) rows[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= word.size(); ++i) {
    const std::vector<int>& above = rows[(i - 1) % 3];
    std::vector<int>& row = rows[i % 3];
    const char c = word[i - 1];
    row[0] = above[0] + (is_wild(c) ? 0 : 1);
    for (std::size_t j = 1; j <= name.size(); ++j) {
      if (is_wild(c)) {
        row[j] = std::min(above[j], row[j - 1]);
        continue;
      }
      const bool same = c == name[j - 1] || c == '?';
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool exchanged = i > 1 && j > 1 && c == name[j - 2] && word[i - 2] == name[j - 1];
      if (exchanged) row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
    }
  }
  return rows[word.size() % 3][name.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto limit = static_cast<int>(std::max<std::size_t>(word.size() / 3, 1));
  const bool is_glob = word.find('*') != std::string_view::npos;
  const std::string* best = nullptr;
  int least = 0;
  const std::string* whole = nullptr;
  for (const std::string& name : known) {
    const std::size_t apart =
        std::max(word.size(), name.size()) - std::min(word.size(), name.size());
    const bool can_be = is_glob || apart <= static_cast<std::size_t>(limit);
    const int distance = can_be ? edit_distance(word, name) : limit + 1;
    const bool is_like = distance <= limit && distance < static_cast<int>(word.size());
    if (is_like && (best == nullptr || distance < least)) {
      best = &name;
      least = distance;
    }
    const bool is_part = word.size() >= kMinPart && name.find(word) != std::string::npos;
    if (is_part && (whole == nullptr || name.size() < whole->size())) whole = &name;
  }
  if (whole != nullptr) return *whole;
  return best != nullptr ? *best : "";
}

std::string hint_for_unknown(std::string_view word, const std::vector<std::string>& known,
                             std::string_view list) {
  const std::string near = nearest(word, known);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  const std::string see = list.empty() ? "" : fmt::format("; see '{}'", list);
  if (known.empty()) return see.empty() ? "" : see.substr(2);
  const auto shown = static_cast<std::ptrdiff_t>(std::min(known.size(), kMaxListed));
  std::string hint =
      fmt::format("known: {}", fmt::join(known.begin(), known.begin() + shown, ", "));
  if (known.size() > kMaxListed) hint += fmt::format(" and {} more", known.size() - kMaxListed);
  return hint + see;
}

}  // namespace bpfmatrix
