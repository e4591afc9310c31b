// bpfmatrix run: the matrix, end to end.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand; when it was given, `exit_code` says how it went.
void add_run_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
