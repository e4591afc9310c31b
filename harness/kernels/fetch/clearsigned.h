// A clear-signed text (an InRelease file), checked by gpgv against one keyring.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct SignedText {
  /// What was signed, and nothing around it: as gpgv gave it out.
  std::string text{};
  /// Fingerprint of the primary key of the first good signature, and its user id.
  std::string fingerprint{};
  std::string signer{};
};

/// When a key must have been good.
enum class KeyTime {
  now,
  when_signed,  ///< for what was published in the past: it may have expired since
};

/// Blocks for one run of gpgv. `name` is what errors call the text. Errors: gpgv or the keyring is
/// missing; no good signature by a key of the keyring; a bad one beside a good one; an expired (see
/// `time`) or revoked key; a digest weaker than SHA-256; more or less in the file than one signed
/// text.
Result<SignedText> verify_clearsigned(std::string_view bytes, std::string_view name,
                                      const std::filesystem::path& keyring,
                                      KeyTime time = KeyTime::now);

}  // namespace bpfmatrix
