#include "base/ids.h"

#include <algorithm>

namespace bpfmatrix {

std::string_view debian_name(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return "amd64";
    case Arch::aarch64:
      return "arm64";
  }
  return "";
}

std::optional<Arch> parse_arch(std::string_view text) {
  for (const Arch arch : kArches) {
    if (text == to_string(arch) || text == debian_name(arch)) return arch;
  }
  return std::nullopt;
}

bool is_valid_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '+' || c == '-';
  };
  return !id.empty() && id.size() <= 128 && id.front() != '.' && id.front() != '-' &&
         std::all_of(id.begin(), id.end(), allowed);
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // where to come back to when a literal fails
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace bpfmatrix
