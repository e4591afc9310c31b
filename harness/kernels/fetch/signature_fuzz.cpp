// Any bytes as a key, and as a signed text: no text is signed by a key of an empty keyring.
#include <algorithm>

#include "base/testing/fuzz_target.h"
#include "kernels/fetch/clearsigned.h"
#include "kernels/fetch/openpgp_key.h"

namespace bpfmatrix {
namespace {

void try_key(std::string_view bytes) {
  const Result<std::string> key = key_fingerprint(bytes);
  if (!key) return require(!key.error().message.empty(), "a refusal says why");
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  require(key->size() == 40 && key->find_first_not_of(kDigits) == std::string::npos,
          "a fingerprint has forty digits");
}

void try_signed_text(std::string_view bytes) {
  const FuzzFile keyring("");
  for (const KeyTime time : {KeyTime::now, KeyTime::when_signed}) {
    require(!verify_clearsigned(bytes, "InRelease", keyring.path(), time),
            "nobody has signed this");
  }
}

void try_signature(std::string_view bytes) {
  try_key(bytes);
  if (bytes.starts_with("-----BEGIN PGP SIGNED MESSAGE-----")) try_signed_text(bytes);
}

const FuzzTarget target("signature", try_signature);

}  // namespace
}  // namespace bpfmatrix
