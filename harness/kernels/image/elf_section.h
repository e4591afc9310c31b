// Sections of a hostile vmlinux, through libelf.
#pragma once

#include <optional>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

/// The machine an ELF file in memory is for. Error: not a 64-bit little-endian ELF of ours.
Result<Arch> elf_arch(std::string_view elf);
/// The bytes of the section of that name, within `elf`; nothing if it has none. Error: malformed.
Result<std::optional<std::string_view>> elf_section(std::string_view elf, std::string_view name);

}  // namespace bpfmatrix
