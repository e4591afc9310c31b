// Any bytes as a keyring, as a key, as a signature and as a signed text: nobody has signed it.
#include <algorithm>

#include "base/file.h"
#include "base/testing/fuzz_target.h"
#include "kernels/fetch/clearsigned.h"
#include "kernels/fetch/openpgp_key.h"
#include "kernels/fetch/signature_times.h"

namespace bpfmatrix {
namespace {

/// One of those that come with us; nothing that is given here was signed with it.
const KeyBlock& trusted_key() {
  static const KeyBlock key = *read_armoured_key(*read_file(
      BPFMATRIX_SOURCE_DIR "/kernels/keys/99DB70FAE1D7CE227FB6488205B555B38483C65D.asc", 1 << 20));
  return key;
}

/// A signature of the key by itself, on what is as old as the key.
void try_times(const KeyBlock& key) {
  const ReleaseFile release{.date = key.primary.made};
  for (const bool past : {false, true}) {
    (void)choose_signature({{key.primary.fingerprint, "signer", key.primary.made, key.expires}},
                           release, "Release", {key.expires.value_or(key.primary.made), past});
  }
}

void try_key(const KeyBlock& key) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const std::string& fingerprint = key.primary.fingerprint;
  require(fingerprint.size() == 40 && fingerprint.find_first_not_of(kDigits) == std::string::npos,
          "a fingerprint has forty digits");
  const auto alone = read_keyring(key.packets);
  require(alone && alone->size() == 1 && alone->front().primary.fingerprint == fingerprint,
          "a key's packets are a keyring of it alone");
  require(weakness(alone->front()) == weakness(key), "a key is as strong in any keyring");
  try_times(key);
}

void try_signed_text(std::string_view bytes) {
  const FuzzFile keyring(trusted_key().packets);
  const TrustedKeys trusted{keyring.path(), {trusted_key().primary.fingerprint}, true};
  require(!verify_clearsigned(bytes, "InRelease", trusted), "nobody has signed this");
}

void try_signature(std::string_view bytes) {
  if (const auto keys = read_keyring(bytes)) std::for_each(keys->begin(), keys->end(), try_key);
  if (const auto key = read_armoured_key(bytes)) try_key(*key);
  (void)signature_time(bytes);
  if (bytes.starts_with("-----BEGIN PGP SIGNED MESSAGE-----")) try_signed_text(bytes);
}

const FuzzTarget target("signature", try_signature);

}  // namespace
}  // namespace bpfmatrix
