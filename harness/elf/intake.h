// What people give instead of a BPF object, recognised by its first bytes and answered with
// the way out.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// Why these bytes are no BPF object a loader could take; nothing if they look like one: a
/// little-endian, relocatable ELF file for BPF. `path` gives the name in the message, and its
/// extension breaks ties between kinds of text.
std::optional<Error> why_not_loadable(std::string_view bytes, const std::filesystem::path& path);

}  // namespace bpfmatrix
