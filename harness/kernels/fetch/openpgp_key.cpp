#include "kernels/fetch/openpgp_key.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kKeyBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kKeyEnd = "-----END PGP PUBLIC KEY BLOCK-----";
constexpr std::size_t kMaxKeyText = 64 << 10;
constexpr int kSignaturePacket = 2;
constexpr int kPublicKey = 6;
constexpr int kPublicSubkey = 14;
constexpr char kVersion = 4;
constexpr unsigned kEnoughBits = 2048;

/// The base64 text between headers and checksum of the only block.
std::optional<std::string> block_text(std::string_view armoured) {
  const auto begin = armoured.find(kKeyBegin);
  const auto end = armoured.find(kKeyEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  if (armoured.find(kKeyBegin, begin + 1) != std::string_view::npos) return {};
  const std::string_view inside =
      armoured.substr(begin + kKeyBegin.size(), end - begin - kKeyBegin.size());
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
  const auto padding = static_cast<std::size_t>(
      std::count(text.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(2, text.size())),
                 text.end(), '='));
  bytes.resize(static_cast<std::size_t>(n) - std::min(padding, static_cast<std::size_t>(n)));
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

std::chrono::sys_seconds time_at(std::string_view bytes) {
  return std::chrono::sys_seconds(std::chrono::seconds(big_endian(bytes.substr(0, 4))));
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

bool has_a_length(int algorithm) {  // RSA, Elgamal, DSA
  return (algorithm >= 1 && algorithm <= 3) || algorithm == 16 || algorithm == 17;
}

/// A key's packet: version, time, algorithm, and numbers that start with their size in bits (RFC
/// 4880, 5.5.2). Nothing: of another version, or cut short.
std::optional<PublicKey> read_key(std::string_view body) {
  if (body.size() < 8 || body.front() != kVersion || body.size() > 0xffff) return std::nullopt;
  PublicKey key;
  key.fingerprint = fingerprint(body);
  key.made = time_at(body.substr(1));
  key.algorithm = static_cast<unsigned char>(body[5]);
  if (has_a_length(key.algorithm)) key.bits = big_endian(body.substr(6, 2));
  return key;
}

/// What of a signature is of use here, from the part that it covers (RFC 4880, 5.2).
struct SignatureFacts {
  int kind = 0;
  std::optional<std::chrono::sys_seconds> made{};
  /// Of the key that it is about, after that was made.
  std::chrono::seconds key_lifetime{0};
  std::string_view issuer{};
};

/// Calls `take(type, content)` for each subpacket (RFC 4880, 5.2.3.1). False: malformed.
bool each_subpacket(std::string_view area, const auto& take) {
  while (!area.empty()) {
    const auto first = static_cast<unsigned char>(area[0]);
    const std::size_t width = first < 192 ? 1 : first < 255 ? 2 : 5;
    if (area.size() < width) return false;
    std::size_t size = first;
    if (width == 2) size = big_endian(area.substr(0, 2)) + 192 - (192U << 8);
    if (width == 5) size = big_endian(area.substr(1, 4));
    if (size == 0 || size > area.size() - width) return false;
    const std::string_view subpacket = area.substr(width, size);
    take(static_cast<unsigned char>(subpacket[0]) & 0x7f, subpacket.substr(1));
    area.remove_prefix(width + size);
  }
  return true;
}

/// Version, kind, algorithm, digest; then two areas of subpackets, of which only the first is
/// covered by the signature.
std::optional<SignatureFacts> read_v4_signature(std::string_view body) {
  if (body.size() < 6) return std::nullopt;
  SignatureFacts facts{.kind = static_cast<unsigned char>(body[1])};
  const std::size_t hashed = big_endian(body.substr(4, 2));
  if (hashed > body.size() - 6) return std::nullopt;
  const std::string_view rest = body.substr(6 + hashed);
  const auto covered = [&](int type, std::string_view content) {
    if (type == 2 && content.size() == 4) facts.made = time_at(content);
    if (type == 9 && content.size() == 4) {
      facts.key_lifetime = std::chrono::seconds(big_endian(content));
    }
    if (type == 33 && content.size() == 21) facts.issuer = content.substr(13);
  };
  const auto hint = [&](int type, std::string_view content) {
    if (type == 16 && content.size() == 8 && facts.issuer.empty()) facts.issuer = content;
  };
  if (!each_subpacket(body.substr(6, hashed), covered)) return std::nullopt;
  if (!each_subpacket(body.substr(6, hashed), hint)) return std::nullopt;
  if (rest.size() < 2) return std::nullopt;
  const std::size_t unhashed = big_endian(rest.substr(0, 2));
  if (unhashed > rest.size() - 2 || !each_subpacket(rest.substr(2, unhashed), hint)) {
    return std::nullopt;
  }
  return facts;
}

/// Version, length 5, kind, time, issuer.
std::optional<SignatureFacts> read_v3_signature(std::string_view body) {
  if (body.size() < 15 || body[1] != 5) return std::nullopt;
  return SignatureFacts{.kind = static_cast<unsigned char>(body[2]),
                        .made = time_at(body.substr(3)),
                        .issuer = body.substr(7, 8)};
}

std::optional<SignatureFacts> read_signature(std::string_view body) {
  if (body.empty()) return std::nullopt;
  if (body[0] == 3) return read_v3_signature(body);
  return body[0] == kVersion ? read_v4_signature(body) : std::nullopt;
}

/// The last 16 digits of a fingerprint are its key's id.
bool is_by(const SignatureFacts& signature, const PublicKey& key) {
  std::string id;
  for (const char c : signature.issuer) id += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return id.size() == 16 && key.fingerprint.ends_with(id);
}

bool is_about_primary(int kind) { return (kind >= 0x10 && kind <= 0x13) || kind == 0x1f; }

/// Reads packets in their order: a key, then what belongs to it.
class KeyringReader {
 public:
  void take(const Packet& packet, std::string_view whole) {
    if (packet.tag == kPublicKey) return begin(packet.body, whole);
    if (!open_) return;
    keys_.back().packets += whole;
    if (packet.tag == kPublicSubkey) {
      if (auto key = read_key(packet.body)) keys_.back().subkeys.push_back(*std::move(key));
    }
    if (packet.tag == kSignaturePacket) take_signature(packet.body);
  }

  std::vector<KeyBlock> release() { return std::move(keys_); }
  int primaries() const { return primaries_; }

 private:
  void begin(std::string_view body, std::string_view whole) {
    ++primaries_;
    auto key = read_key(body);
    open_ = key.has_value();
    newest_ = {};
    if (key) keys_.push_back({.primary = *std::move(key), .packets = std::string(whole)});
  }

  void take_signature(std::string_view body) {
    const auto facts = read_signature(body);
    KeyBlock& key = keys_.back();
    if (!facts || !facts->made || !is_about_primary(facts->kind) || !is_by(*facts, key.primary)) {
      return;
    }
    if (*facts->made < newest_) return;
    newest_ = *facts->made;
    key.expires.reset();
    if (facts->key_lifetime.count() != 0) key.expires = key.primary.made + facts->key_lifetime;
  }

  std::vector<KeyBlock> keys_{};
  int primaries_ = 0;
  bool open_ = false;
  std::chrono::sys_seconds newest_{};
};

std::optional<KeyringReader> read_packets(std::string_view bytes) {
  KeyringReader reader;
  while (!bytes.empty()) {
    const std::string_view before = bytes;
    const std::optional<Packet> packet = take_packet(bytes);
    if (!packet) return std::nullopt;
    reader.take(*packet, before.substr(0, before.size() - bytes.size()));
  }
  return reader;
}

std::optional<std::string> weakness_of(const PublicKey& key) {
  const bool curve = key.algorithm == 19 || key.algorithm == 22;  // ECDSA, EdDSA
  const bool rsa = key.algorithm >= 1 && key.algorithm <= 3;
  if (!curve && !rsa && key.algorithm != 17) {
    return fmt::format("algorithm {}, which is not known", key.algorithm);
  }
  if (curve || key.bits >= kEnoughBits) return std::nullopt;
  return fmt::format("{} of {} bits", rsa ? "RSA" : "DSA", key.bits);
}

bool only_encrypts(const PublicKey& key) {
  return key.algorithm == 2 || key.algorithm == 16 || key.algorithm == 18;
}

}  // namespace

Result<std::vector<KeyBlock>> read_keyring(std::string_view packets) {
  std::optional<KeyringReader> reader = read_packets(packets);
  if (!reader) return Error{"not a keyring: malformed packets"};
  return reader->release();
}

Result<KeyBlock> read_armoured_key(std::string_view armoured) {
  const std::optional<std::string> text = block_text(armoured.substr(0, kMaxKeyText));
  const std::optional<std::string> bytes = text ? decode_base64(*text) : std::nullopt;
  std::optional<KeyringReader> reader = bytes ? read_packets(*bytes) : std::nullopt;
  if (!reader || reader->primaries() == 0) return Error{"not one armoured OpenPGP public key"};
  if (reader->primaries() > 1)
    return Error{fmt::format("{} keys, wanted one", reader->primaries())};
  std::vector<KeyBlock> keys = reader->release();
  if (keys.empty()) return Error{"not an OpenPGP key of version 4"};
  return std::move(keys.front());
}

std::optional<std::string> weakness(const KeyBlock& key) {
  if (auto weak = weakness_of(key.primary)) return weak;
  for (const PublicKey& subkey : key.subkeys) {
    if (only_encrypts(subkey)) continue;
    if (auto weak = weakness_of(subkey)) return "a subkey: " + *weak;
  }
  return std::nullopt;
}

Result<std::chrono::sys_seconds> signature_time(std::string_view base64) {
  const Error none{"not one OpenPGP signature"};
  std::string text;
  for (const std::string_view line : split(base64, '\n')) text += trim(line);
  const std::optional<std::string> bytes = decode_base64(text);
  if (!bytes || bytes->empty()) return none;
  std::string_view rest = *bytes;
  const std::optional<Packet> packet = take_packet(rest);
  if (!packet || packet->tag != kSignaturePacket || !rest.empty()) return none;
  const std::optional<SignatureFacts> facts = read_signature(packet->body);
  if (!facts || !facts->made) return none;
  return *facts->made;
}

}  // namespace bpfmatrix
