#include "cli/derive_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/data_dir.h"
#include "base/parallel.h"
#include "cell/differences.h"
#include "cli/conclusion.h"
#include "cli/exit_code.h"
#include "cli/talk.h"
#include "run/assemble.h"
#include "run/derive_run.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

struct DeriveArguments {
  std::string run{};
  bool preview = false;
};

/// The run as it was planned. What is gone by now is left out of the plan: its cells keep
/// what they said.
Result<RunInput> input_of(const std::string& run, KernelFinder& kernels) {
  Result<RunSpec> spec = read_run_spec(run);
  if (!spec) return std::move(spec).error();
  spec->cells.clear();
  return assemble(*spec, kernels, {});
}

Result<std::vector<Outcome>> known_outcomes(const std::string& run) {
  std::error_code seen_by_read;
  if (!fs::exists(fs::path(run) / "outcomes.jsonl", seen_by_read)) return std::vector<Outcome>();
  return read_run_outcomes(run);
}

void print_changes(const std::vector<Outcome>& before, const std::vector<Outcome>& now) {
  std::map<std::string_view, const Outcome*> known;
  for (const Outcome& outcome : before) known.emplace(outcome.cell, &outcome);
  int changed = 0;
  for (const Outcome& outcome : now) {
    const auto was = known.find(outcome.cell);
    if (was == known.end()) continue;
    const std::vector<std::string> found = differences(*was->second, outcome);
    changed += found.empty() ? 0 : 1;
    for (const std::string& text : found) print("{}: {}\n", outcome.cell, text);
  }
  say(fmt::format("{} outcomes derived, {} of them differ from before", now.size(), changed));
}

Result<int> derive_anew(const DeriveArguments& arguments) {
  const Result<RunSettings> settings = default_settings("");
  if (!settings) return settings.error();
  const Result<fs::path> catalog_file = find_data("kernels/catalog.json");
  if (!catalog_file) return catalog_file.error();
  Result<Catalog> catalog = load_catalog(*catalog_file);
  if (!catalog) return std::move(catalog).error();
  const StoreLock in_use = settings->fetch.store.use();
  KernelFinder kernels(*std::move(catalog), *settings);
  const Result<RunInput> input = input_of(arguments.run, kernels);
  if (!input) return input.error();
  const auto before = known_outcomes(arguments.run);
  if (!before) return before.error();
  ObjectFinder objects(*settings);
  const Result<DerivedRun> derived = derive_run(
      arguments.run, *before, *input, [&](const std::string& id) { return kernels.find_here(id); },
      objects, cores_here());
  if (!derived) return derived.error();
  if (!arguments.preview) {
    const Result<> written = replace_outcomes(arguments.run, derived->outcomes);
    if (!written) return written.error();
  }
  print_changes(*before, derived->outcomes);
  if (!derived->incomplete.empty()) {
    say(
        fmt::format("{} cells, for example '{}': the kernel, the object or the case is gone or has "
                    "changed; what needs it is not compared",
                    derived->incomplete.size(), derived->incomplete.front()));
  }
  return static_cast<int>(as_expected);
}

}  // namespace

void add_derive_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<DeriveArguments>();
  CLI::App* command = app.add_subcommand(
      "derive", "Derive the outcomes of a run anew from its transcripts, without a VM");
  command->add_option("run", arguments->run, "Directory of a run")->required();
  command->add_flag("--preview", arguments->preview, "Show what would change, and change nothing");
  command->callback([arguments, &exit_code] {
    const Result<int> code = derive_anew(*arguments);
    if (!code) say_error(code.error());
    exit_code = code ? *code : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
