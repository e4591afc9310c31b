#include "elf/code_section.h"

#include <elf.h>

#include <algorithm>

#include "elf/elf_file.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxFunctionNameBytes = 512;

}  // namespace

std::string_view clipped_name(std::string_view name) {
  return name.substr(0, kMaxFunctionNameBytes);
}

const CodeFunction* CodeSection::function_at(std::uint64_t slot) const {
  const auto after = std::upper_bound(
      functions.begin(), functions.end(), slot,
      [](std::uint64_t wanted, const CodeFunction& function) { return wanted < function.first; });
  if (after == functions.begin()) return nullptr;
  const CodeFunction& found = *(after - 1);
  return slot - found.first < found.count ? &found : nullptr;
}

CodeSections read_code_sections(const ElfFile& elf) {
  CodeSections all;
  std::vector<CodeSection*> by_index;
  for (const ElfSection& section : elf.sections()) {
    const auto [at, is_new] = all.try_emplace(clipped_name(section.name));
    const bool wanted = is_new && section.executable();
    if (wanted) at->second.code = section.bytes;
    by_index.push_back(wanted ? &at->second : nullptr);
  }
  for (const ElfSymbol& symbol : elf.symbols()) {
    if (symbol.type != STT_FUNC || symbol.section >= by_index.size()) continue;
    CodeSection* section = by_index[symbol.section];
    if (section == nullptr || !slice(section->code, symbol.value, symbol.size)) continue;
    section->functions.push_back({clipped_name(symbol.name), symbol.value / kInstructionBytes,
                                  symbol.size / kInstructionBytes});
  }
  for (auto& [name, section] : all) {
    std::stable_sort(
        section.functions.begin(), section.functions.end(),
        [](const CodeFunction& a, const CodeFunction& b) { return a.first < b.first; });
  }
  return all;
}

}  // namespace bpfmatrix
