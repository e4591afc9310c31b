// The value of a CO-RE relocation, on either side: in the object's own types, which is
// what the compiler put into the instruction, and in the kernel's, which is what the loader puts
// there.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "core/spec.h"

namespace bpfmatrix {

/// Where releases of libbpf differ (src/relo_core.c, bpf_core_calc_field_relo()).
struct CoreRules {
  /// Before 1.6 (d7a4ab15) a load from an array counted as a load of the array, not of an element.
  bool whole_arrays = false;
};

struct CoreValue {
  std::uint64_t value = 0;
  /// The instruction must hold this number. Not so where compiler and loader may choose differently
  /// (how a bitfield is loaded), or where linking changes it (type ids).
  bool checked = true;
  /// What a load or store accesses there: bytes, and the type without modifiers. 0: does not
  /// matter.
  std::uint64_t access_bytes = 0;
  BtfId access_type = 0;
};

/// Error: the access has no such property (the sign of an array element), a size that cannot be
/// known, or a bitfield too wide to load.
Result<CoreValue> core_value(const CoreSpec& spec, const CoreRules& rules);

/// What is put into the instruction when the kernel has no match: 0 for questions (does it exist,
/// how large is a type), nothing if no number would be right (libbpf 1.4, src/relo_core.c,
/// bpf_core_calc_type_relo() and bpf_core_calc_enumval_relo()).
std::optional<std::uint64_t> core_value_without_match(CoreRelocationKind kind);

/// Loads and stores of `local` bytes may become loads and stores of `target` bytes: both are
/// pointers, or both unsigned numbers, which zero-extend.
bool resizable(const CoreSpec& local, const CoreValue& local_value, const CoreSpec& target,
               const CoreValue& target_value);

}  // namespace bpfmatrix
