#include "base/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace bpfmatrix {

std::string base64(std::string_view bytes) {
  // EVP_EncodeBlock counts with int, and pads only at the end: whole groups of three at a time.
  constexpr std::size_t kPart = std::size_t{3} << 20;
  std::string text;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kPart);
    const std::size_t at = text.size();
    // It writes a zero after the text.
    text.resize(at + (part.size() + 2) / 3 * 4 + 1);
    ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + at),
                      reinterpret_cast<const unsigned char*>(part.data()),
                      static_cast<int>(part.size()));
    text.pop_back();
    bytes.remove_prefix(part.size());
  }
  return text;
}

}  // namespace bpfmatrix
