// Texts by number, each kept once: columns hold the numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bpfmatrix {

class Dictionary {
 public:
  /// The empty text is number 0.
  Dictionary() { number(""); }

  std::uint32_t number(std::string text) {
    const auto [place, is_new] =
        numbers_.emplace(std::move(text), static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(&place->first);
    return place->second;
  }

  /// Of one that it has.
  std::uint32_t number_of(const std::string& text) const { return numbers_.at(text); }
  const std::string& at(std::uint32_t number) const { return *texts_.at(number); }
  std::size_t size() const { return texts_.size(); }

  /// Numbers the texts anew, in their order, so that they do not tell in which one they came.
  /// Gives the new number of each old one.
  std::vector<std::uint32_t> sort() {
    std::vector<std::uint32_t> order(texts_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return *texts_[a] < *texts_[b]; });
    std::vector<std::uint32_t> renumbered(texts_.size());
    std::vector<const std::string*> sorted(texts_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      sorted[i] = texts_[order[i]];
      renumbered[order[i]] = i;
      numbers_.find(*sorted[i])->second = i;
    }
    texts_ = std::move(sorted);
    return renumbered;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_{};
  /// Keys of numbers_, which stay where they are.
  std::vector<const std::string*> texts_{};
};

}  // namespace bpfmatrix
