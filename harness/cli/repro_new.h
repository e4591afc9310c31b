// bpfmatrix repro new: a pack out of what a person can send of a machine that nobody here has.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_repro_new(CLI::App& repro, int& exit_code);

}  // namespace bpfmatrix
