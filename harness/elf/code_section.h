// Which functions lie where in an object's sections of instructions.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "elf/elf_file.h"

namespace bpfmatrix {

/// Where a function lies in its section, in slots of 8 bytes.
struct CodeFunction {
  std::string_view name{};
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

struct CodeSection {
  std::string_view code{};
  /// From low to high.
  std::vector<CodeFunction> functions{};

  /// nullptr: the slot lies in none.
  const CodeFunction* function_at(std::uint64_t slot) const;
};

/// By name, of sections with the same name the first, as libbpf has it. Sections without
/// instructions have no code. What they hold stays valid as long as the ElfFile.
using CodeSections = std::map<std::string_view, CodeSection>;
CodeSections read_code_sections(const ElfFile& elf);

/// As names are kept there: at most 512 bytes.
std::string_view clipped_name(std::string_view name);

}  // namespace bpfmatrix
