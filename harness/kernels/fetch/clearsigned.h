// A clear-signed text (an InRelease file), checked by gpgv against keys that are named.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// Who may sign.
struct TrustedKeys {
  /// Where the keys are looked for; what else is in it counts for nothing.
  std::filesystem::path keyring{};
  /// Fingerprints of primary keys.
  std::vector<std::string> fingerprints{};
  /// Even if their keys are weak (see openpgp_key.h): the text is pinned by its hash.
  bool may_be_weak = false;
};

/// A signature that holds as mathematics has it. Whether its time makes sense beside what it signs
/// is another question (signature_time.h).
struct Signature {
  /// Of the primary key, and its user id.
  std::string fingerprint{};
  std::string signer{};
  /// What it says of itself.
  std::chrono::sys_seconds made{};
  /// Nothing: the key has not expired, by the clock of this machine.
  std::optional<std::chrono::sys_seconds> key_expired{};
};

struct SignedText {
  /// What was signed, and nothing around it: as gpgv gave it out.
  std::string text{};
  /// Of these keys, in the file's order; at least one.
  std::vector<Signature> signatures{};
};

/// Blocks for one run of gpgv, which is confined to these bytes and these keys. `name` is what
/// errors call the text. Errors: gpgv or the keyring is missing; it has none of the keys, or they
/// are weak; no good signature by one of them; a bad one beside a good one; a revoked key; a digest
/// weaker than SHA-256; more or less in the file than one signed text.
Result<SignedText> verify_clearsigned(std::string_view bytes, std::string_view name,
                                      const TrustedKeys& keys);

}  // namespace bpfmatrix
