// Where a refused program stood in its source: by the object's line information, because kernels
// before 5.0 take none, and print file and line only from 6.10 on.
#pragma once

#include "cell/object_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// Fills in `load.source` of each refused program where log and object tell it; leaves it absent
/// where they do not: in functions that the loader has put behind the program, and in objects
/// without line information.
void locate_failures(const ObjectFile& object, Outcome& outcome);

}  // namespace bpfmatrix
