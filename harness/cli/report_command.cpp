#include "cli/report_command.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "analysis/causes/features.h"
#include "base/file.h"
#include "cli/finished_run.h"
#include "cli/gate_options.h"
#include "cli/talk.h"
#include "outcome/kernel_facts_file.h"
#include "report/formats.h"
#include "report/html.h"
#include "report/matrix_view.h"
#include "report/verdicts.h"

namespace bpfmatrix {

namespace {

enum class Format { costs, csv, github, html, json, junit, markdown };
const std::map<std::string, Format> kFormats{
    {"costs", Format::costs},      {"csv", Format::csv},   {"github", Format::github},
    {"html", Format::html},        {"json", Format::json}, {"junit", Format::junit},
    {"markdown", Format::markdown}};

struct ReportOptions {
  std::string run{};
  Format format = Format::markdown;
  std::string output{};
  std::string cases{};
  GateOptions gate{};
};

std::string render_html(const ReportView& view, const FinishedRun& run, const Gate& gate,
                        const ReportOptions& options, RunKernels& kernels,
                        const Features& features) {
  HtmlReport report({.baseline = options.gate.baseline}, view.roots, &kernels, &features);
  std::map<std::string_view, const Outcome*> outcomes;
  for (const Outcome& outcome : run.outcomes) outcomes.emplace(outcome.cell, &outcome);
  for (const ReportCell& cell : view.cells) {
    const auto outcome = outcomes.find(cell.cell);
    report.add(cell, outcome == outcomes.end() ? nullptr : outcome->second);
  }
  for (const auto& [cell, state] : gate.baseline) report.add_before(cell, state);
  return report.finish(view);
}

Result<std::string> render(const ReportOptions& options) {
  const Result<FinishedRun> run = read_finished_run(options.run, options.cases);
  if (!run) return run.error();
  if (options.format == Format::costs) return render_costs(run->outcomes);
  const Result<Gate> gate =
      open_gate(options.gate, run->outcomes, run->planned, options.run, run->without_rules);
  if (!gate) return gate.error();
  const Result<Features> features = installed_features();
  if (!features) return features.error();
  RunKernels kernels(options.run);
  kernels.read_ahead(run->outcomes);
  const VerdictSummary summary =
      gate->judge(run->outcomes, run->planned, run->rules, kernels, &*features);
  std::vector<RootCause> roots = root_causes(summary, run->outcomes, &kernels, &*features);
  if (options.format == Format::json) {
    OrderedJson json = to_json(make_matrix_view(run->outcomes, &kernels));
    json["verdicts"] = to_json(summary, roots);
    return json_text(json, 1) + "\n";
  }
  const ReportView view =
      make_report_view(run->outcomes, summary, std::move(roots), options.run, &kernels, &*features);
  switch (options.format) {
    case Format::csv:
      return render_csv(view);
    case Format::github:
      return render_github(view);
    case Format::html:
      return render_html(view, *run, *gate, options, kernels, *features);
    case Format::junit:
      return render_junit(view);
    case Format::costs:
    case Format::json:
    case Format::markdown:
      break;
  }
  return render_markdown(view);
}

Result<> report(const ReportOptions& options) {
  const Result<std::string> text = render(options);
  if (!text) return text.error();
  if (!options.output.empty()) return write_file(options.output, *text);
  print_text(*text);
  return {};
}

}  // namespace

void add_report_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand(
      "report", "Write what `judge` says of a run for people, CI systems and code hosts");
  command->add_option("run", options->run, "Directory of a run")->required();
  command
      ->add_option("--format", options->format,
                   "html (one page, to read), markdown (a pull request's comment), junit, github "
                   "(annotations), csv (for veristat -C), costs (for run --shard) or json")
      ->transform(CLI::CheckedTransformer(kFormats, CLI::ignore_case).description("FORMAT"))
      ->required();
  command->add_option("-o,--output", options->output, "Write it to this file")->type_name("FILE");
  command->add_option("--dir", options->cases,
                      "Folder of cases; default: those that come with bpfmatrix");
  add_gate_options(*command, options->gate, Accepting::never);
  command->callback([options, &exit_code] {
    const Result<> done = report(*options);
    if (!done) say_error(done.error());
    exit_code = done ? static_cast<int>(as_expected) : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
