#include "elf/program_layout.h"

#include <elf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "elf/code_section.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

/// include/linux/bpf_verifier.h, BPF_MAX_SUBPROGS, v5.8.
constexpr std::size_t kMaxFunctions = 256;
/// The kernel's limit on a program's length since 5.2 (c04c0d2b968a): include/linux/bpf.h,
/// BPF_COMPLEXITY_LIMIT_INSNS, v5.8.
constexpr std::uint64_t kMaxSlots = 1'000'000;
constexpr std::uint8_t kLoadImm64 = BPF_LD | BPF_IMM | BPF_DW;

/// A place in a section, in slots.
struct Place {
  std::uint32_t section = 0;
  std::uint64_t slot = 0;
};

class Linker {
 public:
  explicit Linker(const ElfFile& elf) : elf_(elf), sections_(read_code_sections(elf)) {
    for (const ElfSection& table : elf.sections()) {
      if (table.type != SHT_REL) continue;
      for (const ElfRelocation& relocation : elf.relocations(table)) {
        symbols_.try_emplace({table.info, relocation.offset / sizeof(bpf_insn)}, relocation.symbol);
      }
    }
  }

  Result<std::vector<LinkedFunction>> link(std::string_view program) {
    const std::optional<Place> entry = entry_of(program);
    if (!entry) return Error{fmt::format("no program '{}'", program.substr(0, 512))};
    if (Result<> added = add(*entry); !added) return std::move(added).error();
    return std::move(linked_);
  }

 private:
  /// Functions of .text are never entered, and static ones are called by others.
  std::optional<Place> entry_of(std::string_view program) const {
    for (const ElfSymbol& symbol : elf_.symbols()) {
      if (symbol.type != STT_FUNC || symbol.binding == STB_LOCAL || symbol.name != program)
        continue;
      if (symbol.section >= elf_.sections().size()) continue;
      const ElfSection& section = elf_.sections()[symbol.section];
      if (!section.executable() || section.name == ".text") continue;
      return Place{symbol.section, symbol.value / sizeof(bpf_insn)};
    }
    return std::nullopt;
  }

  /// Appends the function at `place` and, at the first call of each, the ones it calls.
  Result<> add(const Place& place) {
    const std::string_view name = clipped_name(elf_.sections()[place.section].name);
    const CodeSection& section = sections_.at(name);
    const CodeFunction* function = section.function_at(place.slot);
    if (function == nullptr || function->first != place.slot) {
      return Error{fmt::format("a call to where no function of '{}' begins", name)};
    }
    if (is_linked(name, place.slot)) return {};
    if (linked_.size() == kMaxFunctions || function->count > kMaxSlots - slots_) {
      return Error{"more functions or instructions than any kernel accepts"};
    }
    linked_.push_back(
        {std::string(name), std::string(function->name), function->first, slots_, function->count});
    slots_ += function->count;
    for (std::uint64_t slot = function->first; slot < function->first + function->count; ++slot) {
      const std::optional<Place> called = callee(section, place.section, slot);
      if (!called) continue;
      if (Result<> added = add(*called); !added) return added;
    }
    return {};
  }

  bool is_linked(std::string_view section, std::uint64_t first) const {
    return std::any_of(linked_.begin(), linked_.end(), [&](const LinkedFunction& function) {
      return function.section == section && function.first == first;
    });
  }

  /// Where the instruction leads, if it calls a function of the object or takes its address.
  std::optional<Place> callee(const CodeSection& section, std::uint32_t index,
                              std::uint64_t slot) const {
    const auto word = read_at<std::uint64_t>(section.code, slot * sizeof(bpf_insn));
    if (!word) return std::nullopt;
    const auto insn = std::bit_cast<bpf_insn>(*word);
    const bool calls = insn.code == kCallOpcode && insn.src_reg == BPF_PSEUDO_CALL;
    if (!calls && insn.code != kLoadImm64) return std::nullopt;
    const std::int64_t imm = insn.imm;
    const auto relocation = symbols_.find({index, slot});
    if (relocation == symbols_.end()) {
      // A static function of the same section.
      if (calls) return Place{index, slot + static_cast<std::uint64_t>(imm) + 1};
      return std::nullopt;
    }
    if (relocation->second >= elf_.symbols().size()) return std::nullopt;
    const ElfSymbol& symbol = elf_.symbols()[relocation->second];
    if (symbol.section >= elf_.sections().size()) return std::nullopt;
    if (!elf_.sections()[symbol.section].executable()) return std::nullopt;
    if (calls) {
      return Place{symbol.section,
                   symbol.value / sizeof(bpf_insn) + static_cast<std::uint64_t>(imm) + 1};
    }
    return Place{symbol.section,
                 (symbol.value + static_cast<std::uint64_t>(imm)) / sizeof(bpf_insn)};
  }

  const ElfFile& elf_;
  const CodeSections sections_;
  /// By section and slot: the symbol that a relocation there is about.
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> symbols_{};
  std::vector<LinkedFunction> linked_{};
  std::uint64_t slots_ = 0;
};

}  // namespace

Result<std::vector<LinkedFunction>> link_program(const ElfFile& elf, std::string_view program) {
  return Linker(elf).link(program);
}

}  // namespace bpfmatrix
