// `bpfmatrix derive RUN`: the outcomes of a run, made anew from its transcripts.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_derive_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
