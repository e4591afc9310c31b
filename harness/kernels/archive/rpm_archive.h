// The payload of an RPM package, unpacked as unpack.h promises. Who made it is rpm_signature.h's
// business.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "kernels/archive/unpack.h"

namespace bpfmatrix {

/// Errors: not an RPM with a cpio archive in it; see unpack_entries.
Result<> unpack_rpm(const std::filesystem::path& rpm, const std::filesystem::path& into,
                    const PlaceFile& place, const UnpackRules& rules = {});

}  // namespace bpfmatrix
