// bpfmatrix history CELL, bpfmatrix since OBJECT|CASE: what earlier runs know.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds both subcommands to `app`. `exit_code` is 0, or 2 if the history has no such cell or case,
/// or cannot be used.
void add_history_commands(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
