#include "cli/cases_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/data_dir.h"
#include "cli/exit_code.h"
#include "cli/talk.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {

namespace {

struct CasesOptions {
  std::string dir{};
};

Result<std::vector<CaseSpec>> read_cases(const CasesOptions& options) {
  if (!options.dir.empty()) return read_suite(options.dir);
  const Result<std::filesystem::path> dir = find_data("cases");
  if (!dir) return dir.error();
  return read_suite(*dir);
}

/// A case names a file that is not there: noticed here, not when the kernel is up.
Result<> check_object(const CaseSpec& spec) {
  struct File {
    std::filesystem::path operator()(const SourceObject& o) const { return o.file; }
    std::filesystem::path operator()(const FileObject& o) const { return o.file; }
    std::filesystem::path operator()(const DebObject&) const { return {}; }
  };
  const std::filesystem::path file = std::visit(File{}, spec.object);
  if (file.empty() || std::filesystem::is_regular_file(file)) return {};
  return Error{fmt::format("case '{}': '{}': no such file", spec.id, file.string())};
}

Result<> list(const CasesOptions& options) {
  const auto suite = read_cases(options);
  if (!suite) return suite.error();
  for (const CaseSpec& spec : *suite)
    fmt::print("{:<12} {:<32} {}\n", spec.group, spec.id, spec.shows);
  return {};
}

Result<> check(const CasesOptions& options) {
  const auto suite = read_cases(options);
  if (!suite) return suite.error();
  for (const CaseSpec& spec : *suite) {
    if (Result<> checked = check_object(spec); !checked) return checked;
  }
  fmt::print("{} cases, nothing wrong\n", suite->size());
  return {};
}

}  // namespace

void add_cases_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<CasesOptions>();
  CLI::App* cases = app.add_subcommand("cases", "The suite of cases")->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Result<> (*run)(const CasesOptions&)) {
    CLI::App* command = cases->add_subcommand(name, help);
    command->add_option("--dir", options->dir,
                        "Folder of cases; default: those that come with bpfmatrix");
    command->callback([options, run, &exit_code] {
      const Result<> done = run(*options);
      if (!done) say_error(done.error());
      exit_code = done ? static_cast<int>(as_expected) : static_cast<int>(wrong_command);
    });
  };
  add("list", "Group, id and what each case shows", list);
  add("check", "Read every case and find what is wrong", check);
}

}  // namespace bpfmatrix
