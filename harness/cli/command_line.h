// The words of the command line, before CLI11 has seen them and after it refused one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/words.h"

namespace bpfmatrix {

/// What stands behind the program's name. "--option=" becomes two words: CLI11 would take the next
/// option for its value.
std::vector<std::string> words_of(int argc, const char* const* argv);

/// "{kernel,embedded,none}": a closed list of values, as a type's name in --help. Shells complete
/// from it.
std::string closed_list(const std::vector<std::string>& values);
template <HasWords E>
std::string closed_list() {
  std::vector<std::string> words;
  for (const Word<E>& one : words_of(E{})) words.emplace_back(one.word);
  return closed_list(words);
}

/// For an option that an unset variable of a CI job would leave empty.
CLI::Validator not_empty();

/// The command that was chosen, as far as it was understood: `app` itself, or one below it.
const CLI::App& chosen_command(const CLI::App& app);

/// The commands below `command` and its options ("--kernel", "-o") that --help shows.
std::vector<std::string> commands_of(const CLI::App& command);
std::vector<std::string> options_of(const CLI::App& command);

/// What was meant by the first word that was not understood: "did you mean '--kernel'?". Empty:
/// nothing like it.
std::string hint_for_words(const CLI::App& app);

}  // namespace bpfmatrix
