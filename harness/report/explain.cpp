#include "report/explain.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "report/commands.h"
#include "report/explain_sections.h"
#include "report/printable_outcome.h"

namespace bpfmatrix {

namespace {

using CellSection = std::string (*)(const Telling&);
using ProgramSection = std::string (*)(const Telling&, const ProgramOutcome&);

constexpr CellSection kBeforePrograms[] = {
    explain_summary, explain_asked,  explain_loader,    explain_kernel,
    explain_machine, explain_object, explain_relocated,
};
constexpr ProgramSection kOfAProgram[] = {
    explain_relocations, explain_load, explain_cause, explain_attach, explain_run,
};
constexpr CellSection kAfterPrograms[] = {
    explain_trigger,
    explain_observed,
    explain_again,
};

std::string tell_program(const Telling& told, const ProgramOutcome& program) {
  std::string text =
      fmt::format("\nprogram '{}' ({}, {})\n", program.name, program.section, program.type);
  for (const ProgramSection section : kOfAProgram) text += section(told, program);
  return text;
}

}  // namespace

std::string explain(const Outcome& outcome, const Features& features, const std::string& run_dir,
                    const KernelFacts* kernel, const RunSpec* asked) {
  const Outcome shown = printable_outcome(outcome);
  const std::string shown_dir = printable(run_dir);
  // Of the outcome as it is: paths are looked up by their bytes.
  const std::string again = printable(RunAgain(asked).command(outcome));
  const Telling told{shown, features, shown_dir, again, kernel};
  std::string text;
  for (const CellSection section : kBeforePrograms) text += section(told);
  for (const ProgramOutcome& program : shown.programs) text += tell_program(told, program);
  for (const CellSection section : kAfterPrograms) text += section(told);
  return printable(text, Layout::lines);
}

}  // namespace bpfmatrix
