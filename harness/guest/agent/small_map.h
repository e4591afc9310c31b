// A map of one element, made to see what the kernel does with it.
#pragma once

#include "base/fd.h"

namespace bpfmatrix::guest {

/// Not valid where the kernel refuses it; errno says why.
Fd make_small_map();

}  // namespace bpfmatrix::guest
