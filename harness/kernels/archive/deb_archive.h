// A .deb file, unpacked as unpack.h promises.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "kernels/archive/unpack.h"

namespace bpfmatrix {

/// Errors: not a .deb; see unpack_entries.
Result<> unpack_deb(const std::filesystem::path& deb, const std::filesystem::path& into,
                    const PlaceFile& place, const UnpackRules& rules = {});

}  // namespace bpfmatrix
