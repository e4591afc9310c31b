// bpfmatrix init [DIR]: a matrix for the objects in a repository, to begin with.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `app`. When it is chosen it writes DIR/bpfmatrix.json, as `run` takes it;
/// `exit_code` is 0, or 2 if there is no object, or such a file already.
void add_init_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
