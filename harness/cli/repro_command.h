// bpfmatrix repro: one file that carries a failure to another machine, and what is done with it
// there.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_repro_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
