#include "cli/merge_command.h"

#include <fmt/format.h>

#include <memory>

#include "cli/talk.h"
#include "run/merge.h"

namespace bpfmatrix {

namespace {

struct MergeOptions {
  std::vector<std::string> runs{};
  std::string output{};
};

int merge(const MergeOptions& options) {
  const std::vector<std::filesystem::path> parts(options.runs.begin(), options.runs.end());
  const Result<MergedRun> merged = merge_runs(parts, options.output);
  if (!merged) return end_with(merged.error(), wrong_command);
  say(fmt::format("{} cells of {} runs in {}", merged->cells, parts.size(), options.output));
  if (merged->in_no_part > 0) {
    say(fmt::format("{} of them are in none of these runs: a part of the plan is missing",
                    merged->in_no_part));
  }
  return as_expected;
}

}  // namespace

void add_merge_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      app.add_subcommand("merge", "Put together the parts of one run (run --shard I/N)");
  command->add_option("runs", options->runs, "Directories of runs")->required();
  command->add_option("-o,--output", options->output, "Directory of the whole run, a new one")
      ->type_name("RUN")
      ->required();
  command->callback([options, &exit_code] { exit_code = merge(*options); });
}

}  // namespace bpfmatrix
