// An OpenPGP public key in a file, known by its fingerprint.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// The fingerprint of the one primary key (version 4) in an armoured block, forty capital hex
/// digits. Error: no such block, malformed, or more than one primary key in it: a keyring would let
/// others sign as well.
Result<std::string> key_fingerprint(std::string_view armoured);

}  // namespace bpfmatrix
