#include "cli/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/data_dir.h"
#include "base/ids.h"
#include "cli/conclusion.h"
#include "cli/exit_code.h"
#include "cli/talk.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"
#include "report/explain.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxNamed = 20;

struct ExplainOptions {
  std::string run{};
  std::string cell{};
  bool json = false;
};

Error no_such_cell(const std::vector<Outcome>& outcomes, const ExplainOptions& options) {
  std::string hint = "cells of this run:";
  for (std::size_t i = 0; i < outcomes.size() && i < kMaxNamed; ++i)
    hint += "\n  " + outcomes[i].cell;
  if (outcomes.size() > kMaxNamed)
    hint += fmt::format("\n  ... and {} more", outcomes.size() - kMaxNamed);
  return Error{fmt::format("no cell '{}' in '{}'", options.cell, options.run), hint};
}

Result<> explain_cells(const ExplainOptions& options) {
  const auto outcomes = read_run_outcomes(options.run);
  if (!outcomes) return outcomes.error();
  const Result<std::filesystem::path> features_file = find_data("kernels/features.json");
  if (!features_file) return features_file.error();
  const Result<Features> features = load_features(*features_file);
  if (!features) return features.error();
  RunKernels known(options.run);
  bool found = false;
  for (const Outcome& outcome : *outcomes) {
    if (!glob_match(options.cell, outcome.cell)) continue;
    if (found) fmt::print("\n");
    found = true;
    fmt::print("{}", options.json ? to_json(outcome).dump(1) + "\n"
                                  : explain(outcome, *features, options.run, known.of(outcome)));
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
  command->callback([options, &exit_code] {
    const Result<> explained = explain_cells(*options);
    if (!explained) say_error(explained.error());
    exit_code = explained ? static_cast<int>(as_expected) : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
