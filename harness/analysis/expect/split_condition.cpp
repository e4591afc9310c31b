#include "analysis/expect/split_condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <set>

namespace bpfmatrix {

namespace {

using Facts = std::vector<ConditionFacts>;

/// One comparison that holds for all of these and for none of the rest.
struct VersionComparison {
  std::string text{};
  std::function<bool(const ConditionFacts&)> holds{};
};

/// "6.1" where that tells them apart, "6.1.20" where both are of one series. `version` is excluded.
std::string boundary(const KernelVersion& version, const KernelVersion& below) {
  const bool same_series = version.major == below.major && version.minor == below.minor;
  if (same_series) return to_string(version);
  return fmt::format("{}.{}", version.major, version.minor);
}

void add_below(const Facts& in, const Facts& out, std::vector<VersionComparison>& all) {
  const auto older = [](const auto& a, const auto& b) { return a.kernel < b.kernel; };
  const KernelVersion newest = *std::max_element(in.begin(), in.end(), older)->kernel;
  std::optional<KernelVersion> next;
  for (const ConditionFacts& one : out) {
    if (*one.kernel > newest && (!next || *one.kernel < *next)) next = one.kernel;
  }
  if (!next) return;
  all.push_back({fmt::format("kernel < {}", boundary(*next, newest)),
                 [limit = *next](const ConditionFacts& one) { return *one.kernel < limit; }});
}

void add_from(const Facts& in, const Facts& out, std::vector<VersionComparison>& all) {
  const auto older = [](const auto& a, const auto& b) { return a.kernel < b.kernel; };
  const KernelVersion oldest = *std::min_element(in.begin(), in.end(), older)->kernel;
  std::optional<KernelVersion> before;
  for (const ConditionFacts& one : out) {
    if (*one.kernel < oldest && (!before || *one.kernel > *before)) before = one.kernel;
  }
  if (!before) return;
  all.push_back({fmt::format("kernel >= {}", boundary(oldest, *before)),
                 [oldest](const ConditionFacts& one) { return *one.kernel >= oldest; }});
}

void add_words(const Facts& in, const Facts& out, std::string_view name,
               std::string ConditionFacts::*fact, std::vector<VersionComparison>& all) {
  std::set<std::string> inside;
  for (const ConditionFacts& one : in) inside.insert(one.*fact);
  std::set<std::string> outside;
  for (const ConditionFacts& one : out) outside.insert(one.*fact);
  if (inside.size() == 1) {
    all.push_back(
        {fmt::format("{} == {}", name, *inside.begin()),
         [fact, word = *inside.begin()](const ConditionFacts& one) { return one.*fact == word; }});
    return;
  }
  for (const std::string& word : outside) {
    if (inside.contains(word)) continue;
    all.push_back({fmt::format("{} != {}", name, word),
                   [fact, word](const ConditionFacts& one) { return one.*fact != word; }});
  }
}

/// What can be compared, most telling first.
std::vector<VersionComparison> comparisons(const Facts& in, const Facts& out) {
  std::vector<VersionComparison> all;
  add_below(in, out, all);
  add_from(in, out, all);
  add_words(in, out, "arch", &ConditionFacts::arch, all);
  add_words(in, out, "btf", &ConditionFacts::btf, all);
  add_words(in, out, "loader", &ConditionFacts::loader, all);
  return all;
}

/// The fewest comparisons that together hold for none of `out`.
std::optional<std::string> conjunction(const Facts& in, const Facts& out) {
  const std::vector<VersionComparison> all = comparisons(in, out);
  constexpr std::size_t kMaxCompared = 10;
  const unsigned sets = 1U << std::min(all.size(), kMaxCompared);
  std::optional<unsigned> best;
  for (unsigned set = 1; set < sets; ++set) {
    if (best && std::popcount(*best) <= std::popcount(set)) continue;
    const bool excludes = std::all_of(out.begin(), out.end(), [&](const ConditionFacts& one) {
      for (std::size_t i = 0; i < all.size() && i < kMaxCompared; ++i) {
        if (((set >> i) & 1U) != 0 && !all[i].holds(one)) return true;
      }
      return false;
    });
    if (excludes) best = set;
  }
  if (!best) return std::nullopt;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < all.size() && i < kMaxCompared; ++i) {
    if (((*best >> i) & 1U) != 0) parts.push_back(all[i].text);
  }
  return fmt::format("{}", fmt::join(parts, " and "));
}

/// Each word of one fact apart: "arch == aarch64 and kernel < 6.4 or arch == x86_64 and kernel <
/// 5.5".
std::optional<std::string> alternatives(const Facts& in, const Facts& out, std::string_view name,
                                        std::string ConditionFacts::*fact) {
  std::set<std::string> words;
  for (const ConditionFacts& one : in) words.insert(one.*fact);
  if (words.size() < 2) return std::nullopt;
  std::vector<std::string> parts;
  for (const std::string& word : words) {
    Facts inside;
    Facts outside;
    for (const ConditionFacts& one : in) {
      if (one.*fact == word) inside.push_back(one);
    }
    for (const ConditionFacts& one : out) {
      if (one.*fact == word) outside.push_back(one);
    }
    const std::string is_word = fmt::format("{} == {}", name, word);
    if (outside.empty()) {
      parts.push_back(is_word);
      continue;
    }
    const auto rest = conjunction(inside, outside);
    if (!rest) return std::nullopt;
    parts.push_back(fmt::format("{} and {}", is_word, *rest));
  }
  return fmt::format("{}", fmt::join(parts, " or "));
}

bool has_version(const ConditionFacts& facts) { return facts.kernel.has_value(); }

}  // namespace

std::optional<std::string> split_condition(const Facts& in, const Facts& out) {
  if (out.empty()) return "always";
  const bool comparable = std::all_of(in.begin(), in.end(), has_version) &&
                          std::all_of(out.begin(), out.end(), has_version);
  if (!comparable) return std::nullopt;
  if (auto simple = conjunction(in, out)) return simple;
  if (auto by_arch = alternatives(in, out, "arch", &ConditionFacts::arch)) return by_arch;
  return alternatives(in, out, "btf", &ConditionFacts::btf);
}

}  // namespace bpfmatrix
