// bpfmatrix kernels build
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `kernels`. Exit codes: 0 built, or built before; 2 the command was wrong;
/// 3 it could not be built.
void add_kernels_build(CLI::App& kernels, int& exit_code);

}  // namespace bpfmatrix
