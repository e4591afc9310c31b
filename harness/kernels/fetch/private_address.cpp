#include "kernels/fetch/private_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace bpfmatrix {

namespace {

struct Network {
  std::uint32_t address;
  int bits;
};

bool is_private_v4(std::uint32_t address) {
  constexpr std::array<Network, 10> kNetworks{{
      {0x00000000, 8},   // this network
      {0x0a000000, 8},   // private
      {0x64400000, 10},  // shared, between a provider and its customers
      {0x7f000000, 8},   // loopback
      {0xa9fe0000, 16},  // link-local
      {0xac100000, 12},  // private
      {0xc0000000, 24},  // protocol assignments
      {0xc0a80000, 16},  // private
      {0xe0000000, 4},   // multicast
      {0xf0000000, 4},   // reserved, broadcast
  }};
  return std::any_of(kNetworks.begin(), kNetworks.end(), [&](const Network& network) {
    return address >> (32 - network.bits) == network.address >> (32 - network.bits);
  });
}

using Bytes6 = std::array<std::uint8_t, 16>;

std::uint32_t v4_at(const Bytes6& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

bool starts_with(const Bytes6& bytes, const Bytes6& prefix, std::ptrdiff_t count) {
  return std::equal(bytes.begin(), bytes.begin() + count, prefix.begin());
}

bool is_private_v6(const Bytes6& bytes) {
  constexpr Bytes6 kNone{};
  constexpr Bytes6 kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr Bytes6 kNat64{0, 0x64, 0xff, 0x9b};
  if (starts_with(bytes, kMapped, 12) || starts_with(bytes, kNat64, 12)) {
    return is_private_v4(v4_at(bytes, 12));
  }
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return is_private_v4(v4_at(bytes, 2));  // 6to4
  if (starts_with(bytes, kNone, 12)) return true;         // ::, ::1, what was "compatible"
  if ((bytes[0] & 0xfe) == 0xfc) return true;             // unique local
  if (bytes[0] == 0xfe && bytes[1] >= 0x80) return true;  // link-local, site-local
  return bytes[0] == 0xff;                                // multicast
}

}  // namespace

bool is_private_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_private_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return true;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  Bytes6 bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return is_private_v6(bytes);
}

std::string address_text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::optional<sockaddr_storage> parse_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string word(text.substr(0, text.find('%')));  // no zone
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, word.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&storage, &v4, sizeof v4);
    return storage;
  }
  if (::inet_pton(AF_INET6, word.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  std::memcpy(&storage, &v6, sizeof v6);
  return storage;
}

}  // namespace bpfmatrix
