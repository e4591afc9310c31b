// The record of one CO-RE relocation in one program: what the compiler left there, what this
// kernel's types say, what the loader made of it, and whether these agree.
//
// Three sources are compared: the calculation from .BTF.ext and the BTF that the loader had, the
// instructions that were sent to the kernel, and what the loader said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"

namespace bpfmatrix {

/// From harmless to grave.
enum class RelocationResult { unchanged, resolved, poisoned, skipped, failed };
inline constexpr Word<RelocationResult> kRelocationResultWords[] = {
    {RelocationResult::unchanged, "unchanged", "the compiler's number is right on this kernel"},
    {RelocationResult::resolved, "resolved", "this kernel's number was put in its place"},
    {RelocationResult::poisoned, "poisoned",
     "no value is right: the instruction must never be reached"},
    {RelocationResult::skipped, "skipped",
     "not relocated: the compiler's value stays, right or wrong"},
    {RelocationResult::failed, "failed", "the loader failed for it"},
};
constexpr const auto& words_of(RelocationResult) { return kRelocationResultWords; }

/// Whether what was calculated, what was sent and what the loader said agree.
enum class CrossCheck { not_compared, agrees, disagrees };
inline constexpr Word<CrossCheck> kCrossCheckWords[] = {
    {CrossCheck::not_compared, "not_compared", "only one of the three is there"},
    {CrossCheck::agrees, "agrees"},
    {CrossCheck::disagrees, "disagrees", "the record cannot be relied on"},
};
constexpr const auto& words_of(CrossCheck) { return kCrossCheckWords; }

struct RelocationRecord {
  /// The number libbpf's log has for it: counted from 0 within the ELF section.
  std::uint32_t index = 0;
  /// The program's own, or one that it calls.
  std::string function{};
  /// Slot within that function.
  std::uint64_t insn = 0;
  /// Slot in the program as it was sent to the kernel; nothing where that is not known.
  std::optional<std::uint64_t> linked_insn{};
  /// libbpf's word: "byte_off", "field_exists", "enumval_value".
  std::string kind{};
  /// "struct task_struct::real_parent"; empty: the access means nothing.
  std::string local{};
  std::optional<std::uint64_t> local_value{};
  /// Empty: no match.
  std::string target{};
  /// The module in whose BTF that is; empty: in the kernel's own.
  std::string module{};
  /// With no match, what is put into the instruction nevertheless: 0 for "it does not exist".
  std::optional<std::uint64_t> target_value{};
  /// Types of the kernel that were looked at.
  std::uint64_t candidates = 0;
  RelocationResult result = RelocationResult::skipped;
  /// "no candidate type", "field not in target", "no BTF"; empty: all is well.
  std::string reason{};
  CrossCheck cross_check = CrossCheck::not_compared;
  /// What they disagree on, or why nothing was compared; empty when they agree.
  std::string cross_check_note{};
};

/// The gravest result; nothing for a program without relocations.
std::optional<RelocationResult> gravest(const std::vector<RelocationRecord>& relocations);

}  // namespace bpfmatrix
