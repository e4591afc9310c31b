// bpfmatrix kernels add|collect
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds both subcommands to `kernels`. Exit codes: 0 added; 2 what was given is no kernel, its
/// parts do not belong together, or the name is already used; 3 it could not be kept.
void add_kernels_add(CLI::App& kernels, int& exit_code);

}  // namespace bpfmatrix
