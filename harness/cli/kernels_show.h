// `kernels show ID`: what is known of a kernel.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// `kernels` is the command that it is a part of.
void add_kernels_show(CLI::App& kernels, int& exit_code);

}  // namespace bpfmatrix
