// bpfmatrix cases list|check: the suite, without running it.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_cases_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
