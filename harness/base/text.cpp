#include "base/text.h"

#include <algorithm>
#include <charconv>

namespace bpfmatrix {

namespace {
constexpr std::string_view kBlank = " \t\r\n";
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  if (text.empty()) return pieces;
  for (;;) {
    const auto end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!(text = trim(text)).empty()) {
    const auto end = std::min(text.find_first_of(kBlank), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return found;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || text.empty()) return std::nullopt;
  return number;
}

bool is_safe_relative_path(std::string_view path) {
  if (path.empty() || path.size() > 4096) return false;
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 32 || c == 127; })) {
    return false;
  }
  const auto pieces = split(path, '/');
  return std::none_of(pieces.begin(), pieces.end(), [](std::string_view piece) {
    return piece.empty() || piece == "." || piece == "..";
  });
}

}  // namespace bpfmatrix
