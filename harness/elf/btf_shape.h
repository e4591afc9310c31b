// Whether the types of a BTF end: whoever walks along them, we or libbpf, does not come back to
// where it was, and does not get deeper or longer than a bound.
#pragma once

#include "base/result.h"
#include "elf/btf.h"

namespace bpfmatrix {

/// Of the types that `btf` has itself, not of its base's. Takes time in proportion to them. Error:
/// a type that contains itself, or points to itself with no struct, union or enum of a name in
/// between; types nested deeper, or larger when written out, than those of any kernel or program.
Result<> check_btf_shape(const Btf& btf);

}  // namespace bpfmatrix
