#include "elf/testing/btf_words.h"

namespace bpfmatrix {

std::string btf_bytes(const std::vector<std::uint32_t>& types) {
  const auto size = static_cast<std::uint32_t>(types.size() * 4);
  const std::vector<std::uint32_t> header{0x0001EB9F, 24, 0, size, size, 3};
  std::string bytes(reinterpret_cast<const char*>(header.data()), 24);
  bytes.append(reinterpret_cast<const char*>(types.data()), size);
  return bytes + std::string("\0a\0", 3);
}

std::uint32_t btf_info(BtfKind kind, std::uint32_t count) {
  return (static_cast<std::uint32_t>(kind) << 24) | count;
}

}  // namespace bpfmatrix
