// What a run came to, in short, for later runs to be compared with: a file that lies in git beside
// the programs, and whose every line says what would change for a user. Sorted, so that a change of
// one program on one kernel is one line of the difference.
//
//     # bpfmatrix baseline 1
//     debian-5.10-x86_64/probes/kernel/libbpf on_connect attached symbol=__x64_sys_connect
//     insns=812 stack=64 size=120 debian-5.10-x86_64/probes/kernel/libbpf on_loop failed
//     cause=helper_unknown
//
// A line: cell, program ('-' stands for an object that never came to programs), sign, and what is
// known of ProgramState's other fields. Blanks and the like in names are \xNN. Empty lines and
// lines that begin with '#' are people's.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "analysis/compare/program_state.h"
#include "base/result.h"

namespace bpfmatrix {

/// By cell.
using Baseline = std::map<std::string, CellState, std::less<>>;

std::string to_text(const Baseline& baseline);

/// `text`, as of to_text(), with what people wrote into `file` beside it: comments at its top and
/// its end, and before each line those that it had. A file that does not exist has none. Error: it
/// cannot be read; a line is longer than read_baseline() takes.
Result<std::string> text_with_comments_of(const std::filesystem::path& file,
                                          const std::string& text);

/// Strict. Error: names `file`, line and what is wrong.
Result<Baseline> read_baseline(const std::filesystem::path& file);

}  // namespace bpfmatrix
