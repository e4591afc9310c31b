#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest.h"

namespace bpfmatrix {

std::vector<std::string> words_of(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool are_ours = true;  // behind "--" they are another program's
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--") are_ours = false;
    const bool is_empty =
        are_ours && word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1;
    if (is_empty) word.pop_back();
    words.push_back(std::move(word));
    if (is_empty) words.emplace_back();
  }
  return words;
}

std::string closed_list(const std::vector<std::string>& values) {
  return fmt::format("{{{}}}", fmt::join(values, ","));
}

CLI::Validator not_empty() {
  return CLI::Validator([](std::string& text) { return text.empty() ? "it is empty" : ""; }, "");
}

const CLI::App& chosen_command(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) names.push_back(below->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string hint_for_words(const CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  const std::vector<std::string> left = command.remaining();
  if (left.empty()) return "";
  const std::string word = left.front().substr(0, left.front().find('='));
  const std::string near =
      nearest(word, word.starts_with("-") ? options_of(command) : commands_of(command));
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

}  // namespace bpfmatrix
