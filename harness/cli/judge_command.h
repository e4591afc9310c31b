// bpfmatrix judge RUN: holds the outcomes of a run against the cases' expectations of today.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `app`. When it is chosen, it prints what `run` prints at its end and sets
/// `exit_code` as `run` does: 0, 1 or 3; 2 if there is no such run.
void add_judge_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
