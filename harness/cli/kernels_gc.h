// bpfmatrix kernels gc: takes out of the store what is old, and what nothing refers to any more.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_kernels_gc(CLI::App& kernels, int& exit_code);

}  // namespace bpfmatrix
