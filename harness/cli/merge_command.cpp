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
  const Result<std::size_t> cells = merge_runs(parts, options.output);
  if (!cells) return end_with(cells.error(), wrong_command);
  say(fmt::format("{} cells of {} runs in {}", *cells, parts.size(), options.output));
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
