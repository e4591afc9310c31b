// Checked reading of little-endian numbers and slices out of bytes that nobody has checked.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace bpfmatrix {

// Objects and kernels are little-endian here (others are an error), and so are the hosts.
static_assert(std::endian::native == std::endian::little);

/// `length` bytes from `offset` on; nothing unless all of them are there.
inline std::optional<std::string_view> slice(std::string_view bytes, std::uint64_t offset,
                                             std::uint64_t length) {
  if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
  return bytes.substr(offset, length);
}

/// The plain struct or number at `offset`, which need not be aligned.
template <typename T>
std::optional<T> read_at(std::string_view bytes, std::uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::optional<std::string_view> raw = slice(bytes, offset, sizeof(T));
  if (!raw) return std::nullopt;
  T value;
  std::memcpy(&value, raw->data(), sizeof value);
  return value;
}

/// The NUL-terminated string at `offset`; nothing if it does not end within `bytes`.
inline std::optional<std::string_view> string_at(std::string_view bytes, std::uint64_t offset) {
  if (offset >= bytes.size()) return std::nullopt;
  const std::size_t end = bytes.find('\0', offset);
  if (end == std::string_view::npos) return std::nullopt;
  return bytes.substr(offset, end - offset);
}

}  // namespace bpfmatrix
