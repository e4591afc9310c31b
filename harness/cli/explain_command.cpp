#include "cli/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/data_dir.h"
#include "base/ids.h"
#include "base/nearest.h"
#include "cell/loader_record.h"
#include "cli/conclusion.h"
#include "cli/exit_code.h"
#include "cli/finished_run.h"
#include "cli/talk.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"
#include "report/explain.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

struct ExplainOptions {
  std::string run{};
  std::string cell{};
  bool json = false;
  std::string log{};
  bool loader_log = false;
};

Error no_such_cell(const std::vector<Outcome>& outcomes, const ExplainOptions& options) {
  std::vector<std::string> cells;
  for (const Outcome& outcome : outcomes) cells.push_back(outcome.cell);
  return Error{fmt::format("no cell '{}' in '{}'", options.cell, options.run),
               hint_for_unknown(options.cell, cells)};
}

/// Of the attempt that counts, as derive() would say; the last that has one.
Result<std::string> log_of(const Transcript& transcript, const ExplainOptions& options) {
  std::optional<std::string> log;
  std::vector<std::string> programs;
  for (const Attempt& attempt : transcript.attempts) {
    if (options.loader_log) log = attempt.loader_log;
    LoaderReader reader;
    for (const std::string& line : attempt.lines) {
      if (options.log.empty() || !reader.add(line)) break;
    }
    for (const SaidProgram& program : reader.record().programs) {
      programs.push_back(program.name);
      if (program.name == options.log && !program.log.empty()) log = program.log;
    }
  }
  if (log) return *std::move(log);
  const bool is_there = std::find(programs.begin(), programs.end(), options.log) != programs.end();
  return Error{fmt::format("no verifier log of a program '{}'", options.log),
               is_there ? "the kernel gave none" : hint_for_unknown(options.log, programs)};
}

/// The one that a glob stands for.
Result<std::string> one_cell(const ExplainOptions& options) {
  if (options.cell.find_first_of("*?") == std::string::npos) return options.cell;
  const auto outcomes = read_run_outcomes(options.run);
  if (!outcomes) return outcomes.error();
  std::vector<std::string> cells;
  for (const Outcome& outcome : *outcomes)
    if (glob_match(options.cell, outcome.cell)) cells.push_back(outcome.cell);
  if (cells.empty()) return no_such_cell(*outcomes, options);
  if (cells.size() == 1) return cells.front();
  return Error{
      fmt::format("'{}' stands for {} cells, and a log is of one", options.cell, cells.size()),
      fmt::format("for example '{}'", cells.front())};
}

/// What one cell said, as it is.
Result<> print_log(const ExplainOptions& options) {
  const Result<std::string> cell = one_cell(options);
  if (!cell) return cell.error();
  const Result<Transcript> transcript = read_transcript(options.run, *cell);
  if (!transcript) return transcript.error();
  const Result<std::string> log = log_of(*transcript, options);
  if (!log) return wrap(*cell, log.error());
  print_text(*log);
  return {};
}

Result<> explain_cells(const ExplainOptions& options) {
  if (options.loader_log || !options.log.empty()) return print_log(options);
  const auto outcomes = read_run_outcomes(options.run);
  if (!outcomes) return outcomes.error();
  const Result<std::filesystem::path> features_file = find_data("kernels/features.json");
  if (!features_file) return features_file.error();
  const Result<Features> features = load_features(*features_file);
  if (!features) return features.error();
  const Result<std::optional<RunSpec>> asked = asked_of(options.run);
  if (!asked) return asked.error();
  RunKernels known(options.run);
  bool found = false;
  for (const Outcome& outcome : *outcomes) {
    if (!glob_match(options.cell, outcome.cell)) continue;
    if (found) print_text("\n");
    found = true;
    print_text(options.json ? json_text(to_json(outcome), 1) + "\n"
                            : explain(outcome, *features, options.run, known.of(outcome),
                                      *asked ? &**asked : nullptr));
  }
  if (!found) return no_such_cell(*outcomes, options);
  return {};
}

}  // namespace

void add_explain_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand("explain", "Print all that is known of one cell");
  command->add_option("run", options->run, "Directory of a run")->required();
  command->add_option("cell", options->cell, "Cell id, or a glob over cell ids")->required();
  command->add_flag("--json", options->json, "The outcome as JSON");
  CLI::Option* log = command
                         ->add_option("--log", options->log,
                                      "Print the whole verifier log of this program of the cell")
                         ->type_name("PROGRAM");
  command
      ->add_flag("--loader-log", options->loader_log,
                 "Print what the loader of the cell wrote to standard error")
      ->excludes(log);
  command->callback([options, &exit_code] {
    const Result<> explained = explain_cells(*options);
    if (!explained) say_error(explained.error());
    exit_code = explained ? static_cast<int>(as_expected) : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
