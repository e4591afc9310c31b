// bpfmatrix kernels list|fetch|add|collect|build|show|verify|rm
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand. When it was the one on the command line, `exit_code` is set while CLI11
/// parses: 0 done, 2 the command was wrong (an unknown kernel), 3 something could not be fetched,
/// or is not what it was.
void add_kernels_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
