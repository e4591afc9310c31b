// For tests: BTF written word by word.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "elf/btf.h"

namespace bpfmatrix {

/// A header, the types, and the strings: "a" is at 1.
std::string btf_bytes(const std::vector<std::uint32_t>& types);

/// The second word of a type.
std::uint32_t btf_info(BtfKind kind, std::uint32_t count = 0);

}  // namespace bpfmatrix
