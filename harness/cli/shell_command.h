// bpfmatrix shell: a prompt in a kernel, or one command.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_shell_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
