#include "elf/source_lines.h"

#include <elf.h>

#include <algorithm>

#include "base/file.h"
#include "elf/elf_file.h"
#include "elf/object_types.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxPrograms = 4096;
constexpr std::size_t kMaxText = 512;

/// An entry program, as opposed to the functions that programs call.
bool is_program(const ElfFile& elf, const ElfSymbol& symbol) {
  if (symbol.type != STT_FUNC || symbol.binding == STB_LOCAL) return false;
  if (symbol.section >= elf.sections().size()) return false;
  const ElfSection& section = elf.sections()[symbol.section];
  return section.executable() && section.name != ".text" && symbol.value <= section.size &&
         symbol.size <= section.size - symbol.value;
}

std::string trimmed(std::string_view text) {
  const std::size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  return std::string(text.substr(start, kMaxText));
}

/// The file's name without its folders, as kernels print it: they are the build machine's.
SourceLocation location_of(const LineInfo& info) {
  const std::string_view file = info.file.substr(info.file.find_last_of('/') + 1);
  return {std::string(file.substr(0, kMaxText)), info.line, trimmed(info.text)};
}

}  // namespace

Result<SourceLines> SourceLines::read(const std::filesystem::path& object) {
  Result<std::string> bytes = read_file(object, kMaxObjectBytes);
  if (!bytes) return std::move(bytes).error();
  const Result<ElfFile> elf = ElfFile::parse(*std::move(bytes));
  if (!elf) return elf.error();
  return of(*elf);
}

Result<SourceLines> SourceLines::of(const ElfFile& object) {
  const Result<std::optional<ObjectTypes>> types = read_object_types(object);
  if (!types) return types.error();
  if (!*types) return Error{"no line information"};
  const BtfExt& ext = (*types)->ext;

  SourceLines all;
  for (const ElfSymbol& symbol : object.symbols()) {
    if (!is_program(object, symbol) || all.programs_.size() >= kMaxPrograms) continue;
    const std::string_view section = object.sections()[symbol.section].name;
    const std::uint64_t first = symbol.value / kInstructionBytes;
    Program program{std::string(symbol.name), symbol.size / kInstructionBytes, {}};
    for (const LineInfo& info : ext.lines) {
      if (info.section != section || info.instruction < first) continue;
      const std::uint64_t at = info.instruction - first;
      if (at >= program.instructions) continue;
      program.records.push_back({static_cast<std::uint32_t>(at), location_of(info)});
    }
    all.programs_.push_back(std::move(program));
  }
  return all;
}

std::optional<SourceLocation> SourceLines::find(std::string_view program,
                                                std::uint32_t instruction) const {
  const auto found = std::find_if(programs_.begin(), programs_.end(),
                                  [&](const Program& one) { return one.name == program; });
  if (found == programs_.end() || instruction >= found->instructions) return std::nullopt;
  const Record* nearest = nullptr;
  for (const Record& record : found->records) {
    const bool before = record.instruction <= instruction;
    if (before && (nearest == nullptr || record.instruction >= nearest->instruction)) {
      nearest = &record;
    }
  }
  if (nearest == nullptr) return std::nullopt;
  return nearest->location;
}

}  // namespace bpfmatrix
