// What a CO-RE relocation speaks of, read out of its access string: a field ("0:1:2", through
// anonymous members and arrays), a type ("0"), or one value of an enum (its index).
//
// The meaning is that of libbpf 1.4, src/relo_core.c, bpf_core_parse_spec().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "elf/btf.h"
#include "elf/btf_ext.h"

namespace bpfmatrix {

enum class CoreSubject { field, type, enum_value };
CoreSubject subject_of(CoreRelocationKind kind);

/// A step that means something: a named member, an array element, an enumerator. Always the first:
/// the element of the pointer the access starts from, nearly always element 0.
struct CoreAccessor {
  /// What a member or enumerator belongs to; what an element itself is. Without modifiers.
  BtfId type = 0;
  std::uint32_t index = 0;
  /// Empty: an element.
  std::string_view name{};
};

struct CoreSpec {
  /// Where all ids and names belong. Never null in what the functions here return.
  const Btf* btf = nullptr;
  CoreRelocationKind kind = CoreRelocationKind::byte_off;
  /// As the relocation has it: possibly a typedef.
  BtfId root = 0;
  /// Empty for a type.
  std::vector<CoreAccessor> accessors{};
  /// Every step, those into anonymous members too.
  std::vector<std::uint32_t> path{};
  std::uint64_t bit_offset = 0;
};

/// libbpf's BPF_CORE_SPEC_MAX_LEN: the longest path.
inline constexpr std::size_t kMaxCoreSteps = 64;

/// `relocation` must come from the .BTF.ext beside `btf`, which must outlive the result. Error: an
/// access string that does not fit its type. libbpf then fails for the whole object.
Result<CoreSpec> parse_core_spec(const Btf& btf, const CoreRelocation& relocation);

/// "struct task_struct::real_parent", "struct foo::bar.baz[3]", "struct foo", "enum mode::ON"; cut
/// at 512 bytes.
std::string in_words(const CoreSpec& spec);

// The steps that parsing an access and searching for its like in another BTF have in common.

/// Adds the element `index` of consecutive values of `type`. Error: a type without a size.
Result<> append_element(CoreSpec& spec, BtfId type, std::uint32_t index);
/// Error: the sum is more than libbpf's 32 bits hold.
Result<> add_bits(CoreSpec& spec, std::uint64_t bits);
/// The element type of `type`, if it is an array in which `index` can be, given that the last
/// accessor of `spec` leads to it: an array at the end of a struct, declared with no elements, has
/// any number.
std::optional<BtfId> element_of(const CoreSpec& spec, const BtfType& type, std::uint32_t index);

}  // namespace bpfmatrix
