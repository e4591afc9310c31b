// The record of one CO-RE relocation in one program: what the compiler left there, what this
// kernel's types say, what the loader made of it, and whether those who saw it agree.
//
// Three witnesses there are: the calculation from .BTF.ext and the BTF that the loader had, the
// instructions that were sent to the kernel, and the loader's own words.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix {

/// From harmless to grave.
enum class RelocationResult {
  unchanged,  ///< the compiler's number is right on this kernel
  resolved,   ///< this kernel's number was put in its place
  poisoned,   ///< no number is true: the instruction must never be reached
  skipped,    ///< not relocated: the compiler's value stays, right or wrong
  failed,     ///< the loader gave up over it
};
inline constexpr std::array kRelocationResults{
    RelocationResult::unchanged, RelocationResult::resolved, RelocationResult::poisoned,
    RelocationResult::skipped, RelocationResult::failed};
std::string_view to_string(RelocationResult result);
std::optional<RelocationResult> parse_relocation_result(std::string_view text);

enum class WitnessResult {
  not_compared,  ///< there was but one witness
  agrees,
  disagrees,  ///< the record cannot be relied on
};
inline constexpr std::array kWitnessResults{WitnessResult::not_compared, WitnessResult::agrees,
                                            WitnessResult::disagrees};
std::string_view to_string(WitnessResult result);
std::optional<WitnessResult> parse_witness_result(std::string_view text);

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
  WitnessResult witness = WitnessResult::not_compared;
  /// What they disagree on, or why there was but one; empty when they agree.
  std::string witness_words{};
};

/// The gravest result; nothing for a program without relocations.
std::optional<RelocationResult> gravest(const std::vector<RelocationRecord>& relocations);

}  // namespace bpfmatrix
