// What a shell may complete a command line with. It follows from the commands and options as CLI11
// has them, so it is never stale.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace bpfmatrix {

struct Candidate {
  std::string word{};
  /// For shells that show it.
  std::string help{};
};

struct Candidates {
  std::vector<Candidate> words{};
  /// Names of files will do, too.
  bool files = false;
};

/// The names that only an installation knows; each is asked for where it is needed.
struct KnownNames {
  std::function<std::vector<std::string>()> kernels{};
  std::function<std::vector<std::string>()> cases{};
};

/// `words` stand behind the program's name; the last one, maybe empty, is to be completed. A bash
/// that splits words at '=' gives that as a word of its own.
Candidates complete(const CLI::App& app, const std::vector<std::string>& words,
                    const KnownNames& names);

/// The script for "bash", "zsh" or "fish": it asks `bpfmatrix complete -- WORD...`.
std::string completion_script(const std::string& shell);

/// Adds `completion SHELL`, and `complete`, which the scripts ask and --help does not show.
void add_completion_commands(CLI::App& app, int& exit_code);

}  // namespace bpfmatrix
