// The few identifiers every module shares: the architecture, names that are safe as path
// components, glob patterns over them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/words.h"

namespace bpfmatrix {

enum class Arch { x86_64, aarch64 };
inline constexpr std::array kArches{Arch::x86_64, Arch::aarch64};
/// The kernel's uname -m, QEMU's suffix, and our ids.
inline constexpr Word<Arch> kArchWords[] = {{Arch::x86_64, "x86_64"}, {Arch::aarch64, "aarch64"}};
constexpr const auto& words_of(Arch) { return kArchWords; }

/// "amd64", "arm64": Debian's name for it.
std::string_view debian_name(Arch arch);
/// Of either name.
std::optional<Arch> parse_arch(std::string_view text);

/// True for 1 to 128 characters of [A-Za-z0-9._+-] that do not start with '.' or '-': ids become
/// parts of paths and of cell ids.
bool is_valid_id(std::string_view id);

/// Shell-like match of the whole of `text`: '*' any run, '?' one character.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace bpfmatrix
