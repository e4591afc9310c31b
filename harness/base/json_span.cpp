#include "base/json_span.h"

#include <algorithm>

namespace bpfmatrix {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Walks over text that is known to be JSON; what is not would only end the walk early.
class Walker {
 public:
  Walker(std::string_view text, std::size_t at) : text_(text), at_(at) { skip_space(); }

  std::size_t at() const { return at_; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    skip_space();
    return true;
  }

  /// Leaves the walker behind the value and the space after it.
  JsonSpan value() {
    const std::size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      skip_string();
    } else if (at_ < text_.size() && (text_[at_] == '{' || text_[at_] == '[')) {
      skip_brackets();
    } else {
      at_ = std::min(text_.find_first_of(",]}"
                                         " \t\r\n",
                                         at_),
                     text_.size());
    }
    const JsonSpan span{begin, at_};
    skip_space();
    return span;
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size()); }

  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void skip_brackets() {
    std::size_t depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
    } while (depth > 0 && at_ < text_.size());
  }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace

std::optional<JsonSpan> find_value(std::string_view text, std::string_view key) {
  Walker walker(text, 0);
  if (!walker.take('{')) return std::nullopt;
  while (walker.at() < text.size() && text[walker.at()] == '"') {
    const JsonSpan name = walker.value();
    if (!walker.take(':')) return std::nullopt;
    const JsonSpan value = walker.value();
    if (text.substr(name.begin + 1, name.end - name.begin - 2) == key) return value;
    if (!walker.take(',')) return std::nullopt;
  }
  return std::nullopt;
}

std::vector<JsonSpan> array_items(std::string_view text, JsonSpan array) {
  std::vector<JsonSpan> items;
  text = text.substr(0, array.end);
  Walker walker(text, array.begin);
  if (!walker.take('[')) return items;
  while (walker.at() < text.size() && text[walker.at()] != ']') {
    items.push_back(walker.value());
    if (!walker.take(',')) break;
  }
  return items;
}

}  // namespace bpfmatrix
