// What a loader does to one instruction to apply a CO-RE relocation: libbpf 1.4, src/relo_core.c,
// bpf_core_patch_insn().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

/// A place for a number in an instruction, in the words of libbpf's log.
enum class CoreField { imm, imm64, off, mem_size };
inline constexpr Word<CoreField> kCoreFieldWords[] = {
    {CoreField::imm, "imm"},
    {CoreField::imm64, "imm64", "of the two slots of a 64-bit load"},
    {CoreField::off, "off", "of a load or store"},
    {CoreField::mem_size, "mem_sz", "bytes that a load or store moves"},
};
constexpr const auto& words_of(CoreField) { return kCoreFieldWords; }

struct CoreEdit {
  CoreField field = CoreField::imm;
  std::int64_t before = 0;
  std::int64_t after = 0;
};

struct CoreChange {
  std::uint64_t local_value = 0;
  /// Nothing: there is none, the instruction must never be reached.
  std::optional<std::uint64_t> target_value{};
  /// The instruction has to hold local_value.
  bool checked = true;
  // Of loads and stores; equal if it does not matter.
  std::uint64_t local_bytes = 0;
  std::uint64_t target_bytes = 0;
  /// A load of other size would read another number.
  bool resizable = true;
};

struct CorePatch {
  /// The instruction is now a call of a function that no kernel has, number 195896080 (0xbad2310).
  bool poisoned = false;
  /// Empty if poisoned.
  std::vector<CoreEdit> edits{};
};

inline constexpr std::int32_t kCorePoison = 0xbad2310;

/// Rewrites one instruction: the slots it takes, two of a 64-bit load, else one. Error, with the
/// slots as they were: they hold what the relocation cannot be about; libbpf then fails for the
/// object.
Result<CorePatch> patch_core(std::vector<std::uint64_t>& slots, const CoreChange& change);

/// The slots of the instruction at `index` of `code`; none if they are not all there.
std::vector<std::uint64_t> instruction_slots(std::string_view code, std::uint64_t index);

}  // namespace bpfmatrix
