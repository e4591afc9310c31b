#include "analysis/compare/program_state.h"

#include <algorithm>
#include <set>

#include "analysis/causes/classify.h"
#include "analysis/run_words.h"
#include "outcome/conclusive.h"

namespace bpfmatrix {

namespace {

std::string cause_of(const Outcome& outcome, const ProgramOutcome& program,
                     const KernelFacts* kernel) {
  if (outcome.end != End::completed) return "";
  const std::optional<Diagnosis> diagnosis = diagnose_program(outcome, program, kernel);
  return diagnosis ? std::string(to_string(diagnosis->cause)) : "";
}

std::uint64_t poisoned(const ProgramOutcome& program) {
  return static_cast<std::uint64_t>(std::count_if(
      program.relocations.begin(), program.relocations.end(),
      [](const auto& record) { return record.result == RelocationResult::poisoned; }));
}

ProgramState state_of(const Outcome& outcome, const ProgramOutcome& program,
                      const KernelFacts* kernel) {
  ProgramState state{.program = program.name, .sign = sign_of(outcome, &program)};
  state.cause = cause_of(outcome, program, kernel);
  state.symbol = program.attach.actual;
  state.wrong = wrong_reads(outcome, program);
  std::sort(state.wrong.begin(), state.wrong.end());
  state.poisoned = poisoned(program);
  if (program.load.stage.result != StageResult::ok) return state;
  state.insns = program.load.stats.insns;
  state.stack = program.load.stats.stack_bytes;
  state.size = program.load.instructions;
  return state;
}

}  // namespace

std::optional<CellState> cell_state(const Outcome& outcome, const KernelFacts* kernel) {
  if (!has_result(outcome)) return std::nullopt;
  CellState cell;
  std::set<std::string_view> names;
  for (const ProgramOutcome& program : outcome.programs) {
    const bool is_new = !program.name.empty() && names.insert(program.name).second;
    if (is_new) cell.push_back(state_of(outcome, program, kernel));
  }
  if (cell.empty()) {
    cell.push_back({.sign = sign_of(outcome, nullptr), .cause = cause_of(outcome, {}, kernel)});
  }
  cell.front().splats = complaints_of(outcome);
  return cell;
}

}  // namespace bpfmatrix
