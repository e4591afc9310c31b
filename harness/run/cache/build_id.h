// Which build of bpfmatrix is running: another one may make another outcome of the same transcript.
#pragma once

#include <string>

#include "base/result.h"

namespace bpfmatrix {

/// 64 characters of [0-9a-f], of the build id that the linker has put into the program, which is a
/// hash of its contents, or where it has none of its file, which may be hundreds of megabytes.
Result<std::string> build_hash();

}  // namespace bpfmatrix
