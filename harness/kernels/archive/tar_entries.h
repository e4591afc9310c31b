// The files of a tarball, unpacked as unpack.h promises.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "kernels/archive/unpack.h"

namespace bpfmatrix {

/// Any compression that EntryStream knows; none at all, too. Errors: not a tarball; see
/// unpack_entries.
Result<> unpack_tar(const std::filesystem::path& tarball, const std::filesystem::path& into,
                    const PlaceFile& place, const UnpackRules& rules = {});

}  // namespace bpfmatrix
