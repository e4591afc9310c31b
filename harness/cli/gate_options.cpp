#include "cli/gate_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"
#include "base/line_diff.h"
#include "cli/command_line.h"
#include "cli/conclusion.h"
#include "cli/output_file.h"
#include "cli/talk.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBaselineBytes = 1ULL << 30;

Result<Baseline> accepted(const Baseline& before, const Cells& cells,
                          const std::vector<std::string>& planned, const std::string& run_dir,
                          const GateOptions& options) {
  RunKernels kernels(run_dir);
  Acceptance acceptance(before, planned, options.prune, &kernels, options.thresholds);
  const Result<> read = cells([&](const std::vector<Outcome>& part) {
    kernels.read_ahead(part);
    for (const Outcome& outcome : part) acceptance.take(outcome);
  });
  if (!read) return read.error();
  return acceptance.finish();
}

Result<Baseline> baseline_of_run(const std::string& run_dir) {
  Result<Baseline> baseline = accepted({}, cells_of_run(run_dir), {}, run_dir, {});
  if (!baseline) return Error{baseline.error().message, "is this the directory of a run?"};
  if (baseline->empty()) {
    return file_error(run_dir, Error{"no cell of this run has a result: nothing can be compared"});
  }
  return baseline;
}

Result<Baseline> read(const std::string& path) {
  std::error_code none;
  return fs::is_directory(path, none) ? baseline_of_run(path) : read_baseline(path);
}

/// The one that --accept rewrites. One that does not exist is begun.
Result<Baseline> read_to_rewrite(const fs::path& file) {
  std::error_code none;
  if (fs::is_directory(file, none)) {
    return file_error(file, Error{"--accept writes a file, and this is a directory"});
  }
  return fs::exists(file, none) ? read_baseline(file) : Baseline();
}

Result<Baseline> accept_into(const GateOptions& options, const Cells& cells,
                             const std::vector<std::string>& planned, const std::string& run_dir) {
  const fs::path file = options.baseline;
  const Fd alone = lock_for_rewriting(file);
  const Result<Baseline> read = read_to_rewrite(file);
  if (!read) return read;
  const Baseline& before = *read;
  Result<Baseline> after = accepted(before, cells, planned, run_dir, options);
  if (!after) return after;
  const Result<std::string> own = text_with_comments_of(file, to_text(*after));
  if (!own) return own.error();
  std::error_code none;
  const bool is_new = !fs::exists(file, none);
  const Result<std::string> old = is_new ? std::string() : read_file(file, kMaxBaselineBytes);
  if (!old) return old.error();
  print_text(line_diff(*old, *own, file.string()));
  if (const Result<> written = write_output(file, *own); !written) return written.error();
  return after;
}

void add_accept_options(CLI::App& command, CLI::Option* baseline, GateOptions& options) {
  CLI::Option* accept =
      command
          .add_flag("--accept", options.accept,
                    "Write what this run found out into the baseline file, and show the difference")
          ->needs(baseline);
  command
      .add_flag("--prune", options.prune,
                "With --accept: also drop cells that this run did not plan")
      ->needs(accept);
}

}  // namespace

void add_gate_options(CLI::App& command, GateOptions& options, Accepting accepting) {
  CLI::Option* baseline =
      command
          .add_option(
              "--baseline", options.baseline,
              "What an earlier run came to: a baseline file, or the directory of a run. Worse "
              "than that is `regressed`, and exit code 1")
          ->type_name("FILE|RUN")
          ->check(not_empty());
  if (accepting == Accepting::on_request) add_accept_options(command, baseline, options);
  command
      .add_option(
          "--required", options.required,
          "Cells, or kernels, that must be there: unavailable, unsure or gone is exit code 1")
      ->type_name("GLOB")
      ->check(not_empty());
  command
      .add_option("--optional", options.optional,
                  "Cells, or kernels, whose verdicts are shown and decide nothing")
      ->type_name("GLOB");
  command
      .add_option("--insns-growth", options.thresholds.insns_percent,
                  "Percent by which the verifier's instructions must grow to be `changed` (and by "
                  "more than 100)")
      ->needs(baseline)
      ->capture_default_str();
  command
      .add_option("--near-limit", options.thresholds.limit_percent,
                  "Percent of a verifier's limit from which on a program is near it")
      ->needs(baseline)
      ->capture_default_str();
}

RunJudge Gate::judge(const RulesByCase& rules, RunKernels& kernels,
                     const Features* features) const {
  Against all = against;
  if (is_there) all.baseline = &baseline;
  return {rules, &kernels, features, std::move(all)};
}

Result<> check_gate(const GateOptions& options) {
  if (options.baseline.empty()) return {};
  const Result<Baseline> baseline =
      options.accept ? read_to_rewrite(options.baseline) : read(options.baseline);
  return baseline ? Result<>() : Result<>(baseline.error());
}

Result<Gate> open_gate(const GateOptions& options, const Cells& cells,
                       const std::vector<std::string>& planned, const std::string& run_dir,
                       std::set<std::string> without_rules) {
  Gate gate{.against = {.thresholds = options.thresholds,
                        .without_rules = std::move(without_rules),
                        .required = options.required,
                        .optional = options.optional}};
  if (options.baseline.empty()) return gate;
  Result<Baseline> baseline =
      options.accept ? accept_into(options, cells, planned, run_dir) : read(options.baseline);
  if (!baseline) return std::move(baseline).error();
  gate.is_there = true;
  gate.baseline = *std::move(baseline);
  return gate;
}

}  // namespace bpfmatrix
