#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tinyxml2.h>

#include <string_view>

#include "base/printable.h"
#include "report/commands.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

using tinyxml2::XMLPrinter;

void attribute(XMLPrinter& xml, const char* name, std::string_view text) {
  xml.PushAttribute(name, printable(text).c_str());
}

/// Of a testcase: what went wrong, in a word and a sentence, and all that there is to say.
void element(XMLPrinter& xml, const char* name, std::string_view type, std::string_view message,
             const std::string& text) {
  xml.OpenElement(name);
  attribute(xml, "message", message);
  attribute(xml, "type", type);
  xml.PushText(printable(text, Layout::lines).c_str());
  xml.CloseElement();
}

std::string seconds(std::int64_t ms) {
  return fmt::format("{:.3f}", static_cast<double>(ms) / 1e3);
}

struct Totals {
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  std::int64_t ms = 0;

  void add(const ReportCell& cell) {
    for (const ReportProgram& program : programs_of(cell)) {
      ++tests;
      if (!cell.is_known()) {
        ++(cell.optional ? skipped : errors);
      } else if (cell.fails && !program.troubles.empty()) {
        ++failures;
      }
    }
    ms += cell.wall_ms;
  }

  /// A cell without an outcome is one test.
  static std::vector<ReportProgram> programs_of(const ReportCell& cell) {
    return cell.programs.empty() ? std::vector<ReportProgram>(1) : cell.programs;
  }
};

void write_totals(XMLPrinter& xml, const Totals& totals) {
  xml.PushAttribute("tests", totals.tests);
  xml.PushAttribute("failures", totals.failures);
  xml.PushAttribute("errors", totals.errors);
  xml.PushAttribute("time", seconds(totals.ms).c_str());
}

std::string story(const ReportView& view, const ReportCell& cell, const ReportProgram& program) {
  std::string text = fmt::format("{}\n", fmt::join(program.troubles, "\n"));
  if (!program.sentence.empty()) text += fmt::format("cause: {}\n", program.sentence);
  if (program.source) {
    text += fmt::format("at: {}:{}: {}\n", program.source->file, program.source->line,
                        program.source->text);
  }
  if (!program.advice.empty()) text += fmt::format("advice: {}\n", program.advice);
  text += fmt::format("look closer: {}\n", explain_command(view.run_dir, cell.cell));
  if (!cell.again.empty()) text += fmt::format("run it again: {}\n", cell.again);
  return text;
}

void write_test(XMLPrinter& xml, const ReportView& view, const ReportCell& cell,
                const ReportProgram& program, bool is_first) {
  xml.OpenElement("testcase");
  attribute(xml, "name", program.name.empty() ? "(object)" : program.name);
  attribute(xml, "classname", cell.cell);
  xml.PushAttribute("time", seconds(is_first ? cell.wall_ms : 0).c_str());
  if (!cell.is_known()) {
    if (cell.optional) {
      xml.OpenElement("skipped");
      attribute(xml, "message", cell.problem);
      xml.CloseElement();
    } else {
      element(xml, "error", to_string(cell.verdict), cell.problem, story(view, cell, program));
    }
  } else if (cell.fails && !program.troubles.empty()) {
    element(xml, "failure", program.cause.empty() ? to_string(cell.verdict) : program.cause,
            program.troubles.front(), story(view, cell, program));
  }
  // Attempts are the cell's: they stand at its first program.
  for (const AttemptOutcome& attempt : cell.earlier_attempts) {
    if (!is_first) break;
    element(xml, cell.is_known() ? "flakyError" : "rerunError", to_string(attempt.end),
            attempt.reason, attempt.reason);
  }
  xml.CloseElement();
}

}  // namespace

std::string render_junit(const ReportView& view) {
  std::map<std::string_view, std::vector<const ReportCell*>> by_kernel;
  std::map<std::string_view, Totals> totals;
  Totals all;
  for (const ReportCell& cell : view.cells) {
    by_kernel[cell.kernel].push_back(&cell);
    totals[cell.kernel].add(cell);
    all.add(cell);
  }
  XMLPrinter xml;
  xml.PushHeader(false, true);
  xml.OpenElement("testsuites");
  xml.PushAttribute("name", "bpfmatrix");
  write_totals(xml, all);
  for (const std::string& kernel : view.kernels) {
    xml.OpenElement("testsuite");
    attribute(xml, "name", kernel);
    write_totals(xml, totals[kernel]);
    // A suite's only: the schema of Jenkins' xunit plugin (junit-10.xsd) has it nowhere else.
    xml.PushAttribute("skipped", totals[kernel].skipped);
    for (const ReportCell* cell : by_kernel[kernel]) {
      bool is_first = true;
      for (const ReportProgram& program : Totals::programs_of(*cell)) {
        write_test(xml, view, *cell, program, is_first);
        is_first = false;
      }
    }
    xml.CloseElement();
  }
  xml.CloseElement();
  return xml.CStr();
}

}  // namespace bpfmatrix
