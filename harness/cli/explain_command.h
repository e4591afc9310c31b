// bpfmatrix explain RUN CELL: the whole story of one cell.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_explain_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
