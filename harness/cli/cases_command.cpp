#include "cli/cases_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/data_dir.h"
#include "cli/check_cases.h"
#include "cli/exit_code.h"
#include "cli/talk.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {

namespace {

struct CasesOptions {
  std::string dir{};
};

Result<std::filesystem::path> folder(const CasesOptions& options) {
  if (!options.dir.empty()) return std::filesystem::path(options.dir);
  return find_data("cases");
}

Result<int> list(const std::filesystem::path& dir) {
  const auto suite = read_suite(dir);
  if (!suite) return suite.error();
  for (const CaseSpec& spec : *suite) print("{:<12} {:<32} {}\n", spec.group, spec.id, spec.shows);
  return static_cast<int>(as_expected);
}

}  // namespace

void add_cases_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<CasesOptions>();
  CLI::App* cases = app.add_subcommand("cases", "The suite of cases")->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       Result<int> (*run)(const std::filesystem::path&)) {
    CLI::App* command = cases->add_subcommand(name, help);
    command->add_option("--dir", options->dir,
                        "Folder of cases; default: those that come with bpfmatrix");
    command->callback([options, run, &exit_code] {
      const Result<std::filesystem::path> dir = folder(*options);
      const Result<int> code = dir ? run(*dir) : Result<int>(dir.error());
      if (!code) say_error(code.error());
      exit_code = code ? *code : static_cast<int>(wrong_command);
    });
    return command;
  };
  add("list", "Print group, id and purpose of each case", list);
  add("check", "Find mistakes in cases, without booting a kernel", check_cases)
      ->footer(
          "Exit codes: 0 no mistake, 1 mistakes (each is listed),\n"
          "2 the folder cannot be read.");
}

}  // namespace bpfmatrix
