// What user space reads off the kernel's BTF before it loads its programs (matrix/user_space.h).
#pragma once

#include <cstdint>
#include <optional>

#include "elf/btf.h"
#include "matrix/user_space.h"

namespace bpfmatrix {

/// Absent: there is no such function or struct, or it has no such parameter or field. Fields of
/// anonymous members are the struct's own. A field that does not begin at a byte has no offset.
std::optional<std::int64_t> answer(const Btf& btf, const BtfQuestion& question);

}  // namespace bpfmatrix
