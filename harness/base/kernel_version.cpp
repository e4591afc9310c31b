#include "base/kernel_version.h"

#include <fmt/format.h>

#include <charconv>

namespace bpfmatrix {

namespace {

/// Takes a number off the front of `text`.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take_dot(std::string_view& text) {
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<KernelVersion> parse_kernel_version(std::string_view release) {
  const std::optional<int> major = take_number(release);
  if (!major || !take_dot(release)) return std::nullopt;
  const std::optional<int> minor = take_number(release);
  if (!minor) return std::nullopt;
  const std::optional<int> patch = take_dot(release) ? take_number(release) : std::nullopt;
  return KernelVersion{*major, *minor, patch.value_or(0)};
}

std::string to_string(const KernelVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace bpfmatrix
