// Base64 (RFC 4648) for what lies in a text and is none, through OpenSSL's libcrypto.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix {

std::string base64(std::string_view bytes);

}  // namespace bpfmatrix
