#include "cli/report_command.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "analysis/causes/features.h"
#include "base/file.h"
#include "cli/command_line.h"
#include "cli/finished_run.h"
#include "cli/gate_options.h"
#include "cli/history_options.h"
#include "cli/output_file.h"
#include "cli/talk.h"
#include "outcome/kernel_facts_file.h"
#include "report/formats.h"
#include "report/html.h"
#include "report/json_report.h"
#include "report/matrix_view.h"
#include "report/verdicts.h"

namespace bpfmatrix {

namespace {

enum class Format { badge, compat, costs, csv, github, html, json, junit, markdown, variants };
const std::map<std::string, Format> kFormats{
    {"badge", Format::badge},      {"compat", Format::compat}, {"costs", Format::costs},
    {"csv", Format::csv},          {"github", Format::github}, {"html", Format::html},
    {"json", Format::json},        {"junit", Format::junit},   {"markdown", Format::markdown},
    {"variants", Format::variants}};

std::string format_names() {
  std::vector<std::string> names;
  for (const auto& [name, format] : kFormats) names.push_back(name);
  return closed_list(names);
}

struct ReportOptions {
  std::string run{};
  Format format = Format::markdown;
  std::string output{};
  std::string cases{};
  GateOptions gate{};
  HistoryOptions history{};
};

/// What there is to say of a run.
struct Judgement {
  VerdictSummary summary{};
  std::vector<RootCause> roots{};
};

/// `take` gets each cell with what is said of it, nullptr if it is as expected.
template <typename Take>
Result<Judgement> judge(const FinishedRun& run, const Gate& gate, RunHistory& history,
                        RunKernels& kernels, const Features& features, const Take& take) {
  RunJudge judge = gate.judge(run.rules, kernels, &features);
  RootCauses causes(&kernels, &features);
  const Result<> read = run.cells([&](const std::vector<Outcome>& part) {
    kernels.read_ahead(part);
    for (const Outcome& outcome : part) {
      const JudgedCell* notable = judge.take(outcome);
      if (notable != nullptr) {
        causes.take(*notable, outcome);
        history.note(*notable, outcome, kernels);
      }
      take(outcome, notable);
    }
  });
  if (!read) return Error{read.error().message, "is this the directory of a run?"};
  Judgement judged{.summary = judge.finish(run.planned), .roots = causes.finish()};
  history.mark(judged.roots);
  return judged;
}

/// Without all cells in memory.
Result<std::string> render_html(const FinishedRun& run, const Gate& gate, RunHistory& history,
                                const ReportOptions& options, RunKernels& kernels,
                                const Features& features) {
  HtmlReport report({.baseline = options.gate.baseline, .asked = run.asked ? &*run.asked : nullptr},
                    &kernels, &features);
  Result<Judgement> judged =
      judge(run, gate, history, kernels, features,
            [&](const Outcome& outcome, const JudgedCell* notable) {
              report.add(report_cell(outcome, notable, &kernels, &features), &outcome);
            });
  if (!judged) return std::move(judged).error();
  for (const ReportCell& cell : missing_cells(judged->summary)) report.add(cell, nullptr);
  for (const auto& [cell, state] : gate.baseline) report.add_before(cell, state);
  return report.finish(begin_report_view(judged->summary, std::move(judged->roots), run.dir));
}

std::string render_view(Format format, const ReportView& view) {
  switch (format) {
    case Format::badge:
      return render_badge(view);
    case Format::compat:
      return render_compat(view);
    case Format::csv:
      return render_csv(view);
    case Format::github:
      return render_github(view);
    case Format::junit:
      return render_junit(view);
    case Format::variants:
      return render_variants(view);
    case Format::costs:
    case Format::html:
    case Format::json:
    case Format::markdown:
      break;
  }
  return render_markdown(view);
}

Result<std::string> render(const ReportOptions& options) {
  const Result<FinishedRun> run = read_finished_run(options.run, options.cases);
  if (!run) return run.error();
  if (options.format == Format::costs) return render_costs(run->cells);
  const Result<Gate> gate =
      open_gate(options.gate, run->cells, run->planned, options.run, run->without_rules);
  if (!gate) return gate.error();
  const Result<Features> features = installed_features();
  if (!features) return features.error();
  RunKernels kernels(options.run);
  const RunSpec* asked = run->asked ? &*run->asked : nullptr;
  RunHistory history(options.history, asked, options.run);
  if (options.format == Format::html)
    return render_html(*run, *gate, history, options, kernels, *features);
  std::vector<Outcome> outcomes;
  Result<Judgement> judged =
      judge(*run, *gate, history, kernels, *features,
            [&](const Outcome& outcome, const JudgedCell*) { outcomes.push_back(outcome); });
  if (!judged) return std::move(judged).error();
  if (options.format == Format::json) {
    const MatrixView view = make_matrix_view(outcomes, &kernels);
    return json_text(json_report(view, judged->summary, judged->roots), 1) + "\n";
  }
  return render_view(options.format,
                     make_report_view(outcomes, judged->summary, std::move(judged->roots),
                                      options.run, &kernels, &*features, asked));
}

int report(const ReportOptions& options) {
  const Result<std::string> text = render(options);
  if (!text) return end_with(text.error(), wrong_command);
  if (options.output.empty()) {
    print_text(*text);
  } else if (const Result<> written = write_output(options.output, *text); !written) {
    return end_with(written.error(), unknown);
  }
  return as_expected;
}

}  // namespace

void add_report_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand(
      "report", "Write what `judge` says of a run for people, CI systems and code hosts");
  command->add_option("run", options->run, "Directory of a run")->required();
  command
      ->add_option(
          "--format", options->format,
          "html (one page, to read), markdown (a pull request's comment), junit, github "
          "(annotations), csv (for veristat -C), compat (works since which kernel, as JSON), badge "
          "(svg), variants (which programs each kernel takes), costs (for run --shard) or json")
      ->transform(CLI::CheckedTransformer(kFormats, CLI::ignore_case).description(format_names()))
      ->required();
  command->add_option("-o,--output", options->output, "Write it to this file")->type_name("FILE");
  command->add_option("--dir", options->cases,
                      "Folder of cases; default: those that come with bpfmatrix");
  add_gate_options(*command, options->gate, Accepting::never);
  add_history_options(*command, options->history);
  command->callback([options, &exit_code] { exit_code = report(*options); });
}

}  // namespace bpfmatrix
