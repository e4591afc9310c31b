// bpfmatrix cache stats|gc|verify: the outcomes that are kept between runs.
#pragma once

#include <CLI/CLI.hpp>

namespace bpfmatrix {

void add_cache_command(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
