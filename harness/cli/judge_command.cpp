#include "cli/judge_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/data_dir.h"
#include "cli/conclusion.h"
#include "cli/finished_run.h"
#include "cli/talk.h"
#include "cli/update_expectations.h"
#include "report/counted.h"
#include "run/run_difference.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

struct JudgeOptions {
  std::string run{};
  std::string cases{};
  bool update = false;
  bool preview = false;
  bool json = false;
  std::string same_as{};
  GateOptions gate{};
  HistoryOptions history{};
};

Result<fs::path> cases_folder(const JudgeOptions& options) {
  if (!options.cases.empty()) return fs::path(options.cases);
  return find_data("cases");
}

Result<RunRecord> read_record(const std::string& run) {
  auto outcomes = read_run_outcomes(run);
  if (!outcomes) return Error{outcomes.error().message, "is this the directory of a run?"};
  return RunRecord{run, *std::move(outcomes)};
}

Result<int> hold_against(const RunRecord& run, const std::string& same_as) {
  const Result<RunRecord> other = read_record(same_as);
  if (!other) return other.error();
  const std::vector<std::string> found = run_differences(run, *other);
  for (const std::string& difference : found) print("{}\n", difference);
  if (!found.empty()) return static_cast<int>(unexpected);
  say(fmt::format("{}: no difference from {}", counted(run.outcomes.size(), "cell"), same_as));
  return static_cast<int>(as_expected);
}

Result<int> judge_run(const JudgeOptions& options) {
  if (!options.same_as.empty()) {
    const Result<RunRecord> run = read_record(options.run);
    return run ? hold_against(*run, options.same_as) : Result<int>(run.error());
  }
  if (const Result<> ready = check_history(options.history); !ready) return ready.error();
  Result<FinishedRun> run = read_finished_run(options.run, options.cases);
  if (!run) return std::move(run).error();
  if (options.update || options.preview) {
    const Result<fs::path> dir = cases_folder(options);
    if (!dir) return dir.error();
    const Update update = options.preview ? Update::preview : Update::write;
    const auto outcomes = all_of(run->cells);
    if (!outcomes) return outcomes.error();
    const Result<> done = update_expectations_of(*dir, *outcomes, update);
    if (!done) return done.error();
    run = read_finished_run(options.run, options.cases);
    if (!run) return std::move(run).error();
  }
  const Result<Gate> gate =
      open_gate(options.gate, run->cells, run->planned, options.run, run->without_rules);
  if (!gate) return gate.error();
  RunHistory history(options.history, run->asked ? &*run->asked : nullptr, options.run);
  const Result<ExitCode> code =
      conclude(run->cells, run->planned, run->rules, *gate, history, options.run, options.json);
  if (!code) return Error{code.error().message, "is this the directory of a run?"};
  return static_cast<int>(*code);
}

}  // namespace

void add_judge_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<JudgeOptions>();
  CLI::App* command = app.add_subcommand(
      "judge", "Compare a run with what the cases expect now, and with a baseline, without a VM");
  command->add_option("run", options->run, "Directory of a run")->required();
  command->add_option("--dir", options->cases,
                      "Folder of cases; default: those that come with bpfmatrix");
  CLI::Option* update = command->add_flag(
      "--update-expectations", options->update,
      "Rewrite what the cases expect from what was seen, and show the difference");
  CLI::Option* preview =
      command->add_flag("--preview", options->preview,
                        "Show what --update-expectations would rewrite, and rewrite nothing");
  command
      ->add_option("--same-as", options->same_as,
                   "Another run of the same cells: only show where the two differ in more than "
                   "times, counts and addresses")
      ->type_name("RUN")
      ->excludes(update)
      ->excludes(preview);
  add_gate_options(*command, options->gate);
  add_history_options(*command, options->history);
  command->add_flag("--json", options->json, "The result as JSON on standard output");
  command->callback([options, &exit_code] {
    const Result<int> code = judge_run(*options);
    if (!code) say_error(code.error());
    exit_code = code ? *code : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
