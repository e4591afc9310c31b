// bpfmatrix inspect FILE: what is in this object, and what is missing.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `app`. When it is chosen, it prints to standard output and sets
/// `exit_code`: 0, or 2 if FILE is no loadable object.
void add_inspect_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
