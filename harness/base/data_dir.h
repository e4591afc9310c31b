// Where the data files of bpfmatrix lie at run time: the catalog, the cases, the schemas.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace bpfmatrix {

/// The path of `relative` ("kernels/catalog.json") in the first of these that has it:
/// $BPFMATRIX_DATA_DIR and nothing else if it is set, <prefix>/share/bpfmatrix beside the running
/// program's bin/, the source tree it was built from. Error: none has it; names where it looked.
Result<std::filesystem::path> find_data(const std::filesystem::path& relative);

}  // namespace bpfmatrix
