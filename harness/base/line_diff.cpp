#include "base/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bpfmatrix {

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t kContext = 2;
/// Above this many pairs of lines a change is shown as a whole: all out, all in.
constexpr std::size_t kMaxPairs = 4'000'000;

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// ' ' stays, '-' goes, '+' comes.
struct Edit {
  char sign = ' ';
  std::string_view line{};
};

/// By the longest common subsequence.
void compare(const Lines& a, const Lines& b, std::vector<Edit>& edits) {
  const std::size_t width = b.size() + 1;
  std::vector<std::uint32_t> common;
  const bool affordable = (a.size() + 1) * width <= kMaxPairs;
  if (affordable) common.assign((a.size() + 1) * width, 0);
  for (std::size_t i = affordable ? a.size() : 0; i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      const std::size_t here = i * width + j;
      common[here] = a[i] == b[j] ? common[here + width + 1] + 1
                                  : std::max(common[here + width], common[here + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size() && affordable) {
    const std::size_t here = i * width + j;
    if (a[i] == b[j]) {
      edits.push_back({' ', a[i++]});
      ++j;
    } else if (common[here + width] >= common[here + 1]) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
  while (i < a.size()) edits.push_back({'-', a[i++]});
  while (j < b.size()) edits.push_back({'+', b[j++]});
}

std::vector<Edit> edits_of(const Lines& before, const Lines& after) {
  const auto [a, b] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto head = a - before.begin();
  const auto room = std::min(before.size(), after.size()) - static_cast<std::size_t>(head);
  std::size_t tail = 0;
  while (tail < room && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  std::vector<Edit> edits;
  for (auto line = before.begin(); line != a; ++line) edits.push_back({' ', *line});
  compare(Lines(a, before.end() - static_cast<std::ptrdiff_t>(tail)),
          Lines(b, after.end() - static_cast<std::ptrdiff_t>(tail)), edits);
  for (std::size_t i = before.size() - tail; i < before.size(); ++i)
    edits.push_back({' ', before[i]});
  return edits;
}

bool near_a_change(const std::vector<Edit>& edits, std::size_t at) {
  const std::size_t first = at < kContext ? 0 : at - kContext;
  const std::size_t last = std::min(at + kContext, edits.size() - 1);
  for (std::size_t i = first; i <= last; ++i) {
    if (edits[i].sign != ' ') return true;
  }
  return false;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return "";
  const std::vector<Edit> edits = edits_of(split(before), split(after));
  std::string text = fmt::format("--- {}\n+++ {}\n", name, name);
  std::size_t line = 0;
  bool shown = false;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].sign != '+') ++line;
    const bool show = near_a_change(edits, i);
    if (show && !shown) text += fmt::format("@@ line {} @@\n", std::max<std::size_t>(line, 1));
    if (show) text += fmt::format("{}{}\n", edits[i].sign, edits[i].line);
    shown = show;
  }
  return text;
}

}  // namespace bpfmatrix
