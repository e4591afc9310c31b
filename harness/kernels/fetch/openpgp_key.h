// OpenPGP public keys in files, known by their fingerprints (RFC 4880): which keys a keyring has,
// how strong they are, and when they and their signatures were made. Signatures themselves are
// checked by gpgv and rpmkeys.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct PublicKey {
  /// Forty capital hex digits.
  std::string fingerprint{};
  /// RFC 4880, 9.1: 1 is RSA, 17 DSA, 22 EdDSA.
  int algorithm = 0;
  /// Of the modulus or prime; 0 for elliptic curves.
  unsigned bits = 0;
  std::chrono::sys_seconds made{};
};

/// A primary key (version 4), and all that a keyring has of it.
struct KeyBlock {
  PublicKey primary{};
  std::vector<PublicKey> subkeys{};
  /// What the newest signature of the key on itself says, which is not checked here.
  std::optional<std::chrono::sys_seconds> expires{};
  /// Its packets: a keyring of this key alone.
  std::string packets{};
};

/// The keys of a keyring, which is a row of packets; keys of other versions are left out. Error:
/// malformed.
Result<std::vector<KeyBlock>> read_keyring(std::string_view packets);

/// The one key in an armoured block. Error: no such block, malformed, or more than one primary key
/// in it: a keyring would let others sign as well.
Result<KeyBlock> read_armoured_key(std::string_view armoured);

/// "RSA of 1024 bits", if the key or a subkey of it that can sign is too weak for what is published
/// today (NIST SP 800-131A: RSA and DSA below 2048 bits since 2014), or of a kind that is not
/// known. Nothing: it is strong enough.
std::optional<std::string> weakness(const KeyBlock& key);

/// When a signature says that it was made, from its base64 text: the one time that it covers.
/// Error: not one signature packet.
Result<std::chrono::sys_seconds> signature_time(std::string_view base64);

}  // namespace bpfmatrix
