// bpfmatrix report RUN --format F: a run in the formats of CI systems, code hosts and veristat.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

/// Adds the subcommand to `app`. When it is chosen it prints the report, or writes it to a file;
/// `exit_code` is 0 whatever the verdicts are, and 2 if there is no such run, baseline or place.
void add_report_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
