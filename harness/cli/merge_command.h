// bpfmatrix merge RUN... -o RUN: the parts of one run, put together.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `app`. `exit_code`: 0, or 2 if the runs do not fit together.
void add_merge_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
