// Segments and notes of a hostile vmlinux: what is left of an ELF file whose sections were
// stripped.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct ElfSegment {
  /// PT_LOAD, PT_NOTE, ...
  std::uint32_t type = 0;
  /// Where it is linked to run.
  std::uint64_t address = 0;
  std::string_view bytes{};
};
/// Error: the table, a segment, or the table of sections reaches past the end of the file.
Result<std::vector<ElfSegment>> elf_segments(std::string_view elf);

struct ElfNote {
  std::string_view name{};
  std::uint32_t type = 0;
  std::string_view description{};
};
/// The notes that follow each other in `bytes`, up to the first that does not fit.
std::vector<ElfNote> elf_notes(std::string_view bytes);

/// The GNU build id in lower-case hex digits, as /sys/kernel/notes has it: from the notes of an ELF
/// file, or from where they are in a flat image (those of the vDSOs in it are recognised by the ELF
/// header before them). Empty when there is none, or more than one that it could be.
std::string find_build_id(std::string_view kernel);

/// True if the notes of a vmlinux for x86 have the entry that QEMU starts it at (CONFIG_PVH).
bool has_pvh_entry(std::string_view elf);

}  // namespace bpfmatrix
