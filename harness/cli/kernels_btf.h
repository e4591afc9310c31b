// bpfmatrix kernels btf
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `kernels`. Exit codes: 0 written; 2 no such kernel, an object that is
/// none, a file that cannot be written; 3 the kernel or its BTF is unavailable, or what was found
/// is another kernel's.
void add_kernels_btf(CLI::App& kernels, int& exit_code);

}  // namespace bpfmatrix
