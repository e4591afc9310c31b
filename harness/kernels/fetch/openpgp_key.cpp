#include "kernels/fetch/openpgp_key.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kEnd = "-----END PGP PUBLIC KEY BLOCK-----";
constexpr std::size_t kMaxKeyBytes = 64 << 10;
constexpr int kPublicKey = 6;
constexpr char kVersion = 4;

/// The base64 text between headers and checksum of the only block.
std::optional<std::string> block_text(std::string_view armoured) {
  const auto begin = armoured.find(kBegin);
  const auto end = armoured.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  if (armoured.find(kBegin, begin + 1) != std::string_view::npos) return {};
  const std::string_view inside =
      armoured.substr(begin + kBegin.size(), end - begin - kBegin.size());
  std::string text;
  for (const std::string_view line : split(inside, '\n')) {
    const std::string_view word = trim(line);
    if (word.starts_with('=') || word.find(':') != std::string_view::npos) continue;
    text += word;
  }
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  const int n = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                  reinterpret_cast<const unsigned char*>(text.data()),
                                  static_cast<int>(text.size()));
  if (n < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(n));  // with up to two zeros behind, which no packet holds
  return bytes;
}

struct Packet {
  int tag = 0;
  std::string_view body{};
};

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// Takes one packet from the front (RFC 4880, 4.2). Nothing: cut short, or of a length that is
/// given in pieces, which keys never are.
std::optional<Packet> take_packet(std::string_view& bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const bool fresh = (first & 0x40) != 0;
  const int tag = fresh ? first & 0x3f : (first >> 2) & 0x0f;
  std::size_t at = 1;
  std::size_t width = fresh ? 1 : std::size_t{1} << (first & 3);
  std::uint32_t extra = 0;
  if (fresh && bytes.size() > 1) {
    const auto length = static_cast<unsigned char>(bytes[1]);
    if (length >= 224 && length < 255) return std::nullopt;
    if (length == 255) ++at, width = 4;
    if (length >= 192 && length < 224) width = 2, extra = 192 - (192U << 8);
  }
  if ((first & 0x80) == 0 || width > 4 || bytes.size() < at + width) return std::nullopt;
  const std::uint32_t size = big_endian(bytes.substr(at, width)) + extra;
  at += width;
  if (size > bytes.size() - at) return std::nullopt;
  const Packet packet{tag, bytes.substr(at, size)};
  bytes.remove_prefix(at + size);
  return packet;
}

/// SHA-1 over 0x99, the length and the key's packet (RFC 4880, 12.2).
std::string fingerprint(std::string_view body) {
  std::string hashed{'\x99', static_cast<char>(body.size() >> 8), static_cast<char>(body.size())};
  hashed += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  ::EVP_Digest(hashed.data(), hashed.size(), digest.data(), &bytes, ::EVP_sha1(), nullptr);
  std::string text;
  for (unsigned int i = 0; i < bytes; ++i) text += fmt::format("{:02X}", digest[i]);
  return text;
}

/// The bodies of all primary keys; nothing if the packets are malformed.
std::optional<std::vector<std::string_view>> primary_keys(std::string_view bytes) {
  std::vector<std::string_view> keys;
  while (!bytes.empty() && bytes[0] != '\0') {
    const std::optional<Packet> packet = take_packet(bytes);
    if (!packet) return std::nullopt;
    if (packet->tag == kPublicKey) keys.push_back(packet->body);
  }
  return keys;
}

}  // namespace

Result<std::string> key_fingerprint(std::string_view armoured) {
  const std::optional<std::string> text = block_text(armoured.substr(0, kMaxKeyBytes));
  const std::optional<std::string> bytes = text ? decode_base64(*text) : std::nullopt;
  const auto keys = bytes ? primary_keys(*bytes) : std::nullopt;
  if (!keys || keys->empty()) return Error{"not one armoured OpenPGP public key"};
  if (keys->size() > 1) return Error{fmt::format("{} keys, wanted one", keys->size())};
  const std::string_view key = keys->front();
  if (key.empty() || key.front() != kVersion || key.size() > 0xffff) {
    return Error{"not an OpenPGP key of version 4"};
  }
  return fingerprint(key);
}

}  // namespace bpfmatrix
