// Which Debian mirror apt on this machine uses, as `apt-get indextargets` says it: apt alone knows
// how its files of sources are to be read (sources.list(5)).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// The first http, https or file URI of Debian's own archive, without a trailing '/': of a Debian
/// suite with the component "main", but not of security updates. A "mirror+file:" list is followed
/// to its first URI. `targets` has lines "RELEASE COMPONENT URI"; others are passed over.
std::optional<std::string> debian_mirror_in(std::string_view targets);

/// Asks apt; `apt_get` is the program. Blocks for half a minute at most. Error: there is no apt
/// here, it fails, or it has no such mirror.
Result<std::string> apt_mirror(const std::filesystem::path& apt_get = "apt-get");

}  // namespace bpfmatrix
