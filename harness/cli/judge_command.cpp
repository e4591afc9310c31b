#include "cli/judge_command.h"

#include <filesystem>
#include <memory>

#include "base/data_dir.h"
#include "cli/conclusion.h"
#include "cli/talk.h"
#include "cli/update_expectations.h"
#include "matrix/case_spec.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

struct JudgeOptions {
  std::string run{};
  std::string cases{};
  bool update = false;
  bool preview = false;
  bool json = false;
};

Result<fs::path> cases_folder(const JudgeOptions& options) {
  if (!options.cases.empty()) return fs::path(options.cases);
  return find_data("cases");
}

/// Those of the suite as it is now, and those of the objects that were run by file.
Result<RulesByCase> rules_for(const JudgeOptions& options) {
  const Result<fs::path> dir = cases_folder(options);
  if (!dir) return dir.error();
  const auto suite = read_suite(*dir);
  if (!suite) return suite.error();
  RulesByCase rules;
  for (const CaseSpec& spec : *suite) rules.emplace(spec.id, spec.expect);
  if (!fs::exists(fs::path(options.run) / "run.json")) return rules;
  const Result<RunSpec> asked = read_run_spec(options.run);
  if (!asked) return asked.error();
  for (const std::string& object : asked->objects)
    rules[case_for_object(object).id] = default_expectations();
  return rules;
}

Result<int> judge_run(const JudgeOptions& options) {
  const auto outcomes = read_run_outcomes(options.run);
  if (!outcomes) return Error{outcomes.error().message, "is this the directory of a run?"};
  if (options.update || options.preview) {
    const Result<fs::path> dir = cases_folder(options);
    if (!dir) return dir.error();
    const Update update = options.preview ? Update::preview : Update::write;
    const Result<> done = update_expectations_of(*dir, *outcomes, update);
    if (!done) return done.error();
  }
  const Result<RulesByCase> rules = rules_for(options);
  if (!rules) return rules.error();
  return static_cast<int>(conclude(*outcomes, *rules, options.run, options.json));
}

}  // namespace

void add_judge_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<JudgeOptions>();
  CLI::App* command =
      app.add_subcommand("judge", "Hold a run against what the cases expect now, without a VM");
  command->add_option("run", options->run, "Directory of a run")->required();
  command->add_option("--dir", options->cases,
                      "Folder of cases; default: those that come with bpfmatrix");
  command->add_flag("--update-expectations", options->update,
                    "Rewrite what the cases expect from what was seen, and show the difference");
  command->add_flag("--preview", options->preview,
                    "Show what --update-expectations would rewrite, and rewrite nothing");
  command->add_flag("--json", options->json, "The result as JSON on standard output");
  command->callback([options, &exit_code] {
    const Result<int> code = judge_run(*options);
    if (!code) say_error(code.error());
    exit_code = code ? *code : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
