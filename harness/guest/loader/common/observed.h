// The values of a case's map `observed` (cases/include/observed.h), by the names and types that the
// object's own BTF gives them.
#pragma once

#include <bpf/btf.h>

#include <string_view>

#include "base/json.h"

namespace bpfmatrix::guest {

inline constexpr const char* kObservedMap = "observed";

/// The fields of structure `type` as they lie in `bytes`: integers and enums by their sign,
/// pointers as numbers, arrays of char as text up to the first zero, all else as hex digits. A
/// field that has no name, is a bitfield, or does not lie within `bytes` is left out; so is all of
/// a type that is no structure.
OrderedJson read_values(const btf* types, unsigned type, std::string_view bytes);

}  // namespace bpfmatrix::guest
