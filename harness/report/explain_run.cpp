#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/run_words.h"
#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

std::string_view arguments_text(ArgumentsSeen seen) {
  switch (seen) {
    case ArgumentsSeen::unknown:
      return "";
    case ArgumentsSeen::direct:
      return "arguments right, read directly";
    case ArgumentsSeen::wrapped:
      return "arguments right, read through the inner pt_regs, a wrapper's only argument";
    case ArgumentsSeen::wrong:
      return "arguments wrong: the wrapper of a system call has only one, a pt_regs with the real "
             "ones; read directly, it is a meaningless number (BPF_KSYSCALL handles both)";
  }
  return "";
}

std::string_view result_text(ObservedResult result) {
  switch (result) {
    case ObservedResult::unknown:
      return "seen";
    case ObservedResult::absent:
      return "not seen: no program fired";
    case ObservedResult::right:
      return "right";
    case ObservedResult::wrong:
      return "WRONG";
  }
  return "";
}

std::string scalar_text(const Scalar& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? fmt::format("\"{}\"", *text) : json_text(scalar_to_json(value));
}

std::string observed_text(const ObservedValue& value) {
  std::string text = fmt::format("'{}' {}", value.name, result_text(value.result));
  if (value.result == ObservedResult::absent) return text;
  text += fmt::format(": {}", scalar_text(value.value));
  if (value.expected && value.result == ObservedResult::wrong)
    text += fmt::format(", expected {}", scalar_text(*value.expected));
  return text;
}

bool is_attached(const ProgramOutcome& program) {
  return program.attach.stage.result == StageResult::ok;
}

std::string_view fired_text(const Outcome& outcome, const ProgramOutcome& program) {
  const auto hit = fired_word(outcome, program);
  if (!hit) return "not known whether it fired";
  if (*hit == "yes") return "fired";
  return *hit == "no" ? "did not fire" : "there was no trigger";
}

}  // namespace

std::string explain_run(const Telling& told, const ProgramOutcome& program) {
  const RunOutcome& run = program.run;
  if (run.displaced) return labelled("  run", "not reached: another program replaced it");
  std::vector<std::string> parts;
  if (is_attached(program)) parts.emplace_back(fired_text(told.outcome, program));
  if (run.fired) parts.push_back(fmt::format("own count {}", *run.fired));
  if (run.run_cnt) parts.push_back(fmt::format("kernel's count {}", *run.run_cnt));
  if (run.run_time_ns) parts.push_back(fmt::format("{} ns", *run.run_time_ns));
  if (const std::string_view text = arguments_text(run.arguments); !text.empty())
    parts.emplace_back(text);
  return parts.empty() ? "" : labelled("  run", fmt::format("{}", fmt::join(parts, ", ")));
}

std::string explain_trigger(const Telling& told) {
  const TriggerOutcome& trigger = told.outcome.trigger;
  if (!trigger.problem.empty())
    return "\n" + labelled("trigger", "did not run: " + trigger.problem);
  if (trigger.kind.empty()) return "";
  std::vector<std::string> calls;
  for (const PerformedOutcome& call : trigger.performed)
    calls.push_back(fmt::format("{} returned {}", call.name, call.ret));
  return "\n" + labelled("trigger", fmt::format("{}{}{}", trigger.kind, calls.empty() ? "" : ": ",
                                                fmt::join(calls, ", ")));
}

std::string explain_observed(const Telling& told) {
  std::string text;
  for (const ObservedValue& value : told.outcome.observed)
    text += labelled("observed", observed_text(value));
  return text;
}

}  // namespace bpfmatrix
