#include "report/explain_run.h"

#include <fmt/format.h>

#include "analysis/run_words.h"

namespace bpfmatrix {

namespace {

std::string text_of(const Scalar& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("\"{}\"", *text);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return fmt::format("{}", *number);
  return fmt::format("{}", std::get<std::int64_t>(value));
}

std::string performed_text(const TriggerOutcome& trigger) {
  std::string text = trigger.kind + ":";
  for (const PerformedOutcome& one : trigger.performed) {
    text += fmt::format(" {}={}", one.name, one.ret);
  }
  return text;
}

std::string value_text(const ObservedValue& value) {
  const std::string saw = fmt::format("'{}' {}", value.name, text_of(value.value));
  switch (value.result) {
    case ObservedResult::untold:
      return saw;
    case ObservedResult::absent:
      return fmt::format("'{}' absent: no program ran", value.name);
    case ObservedResult::right:
      return saw + ": right";
    case ObservedResult::wrong:
      return fmt::format("{}: wrong, the truth is {}", saw, text_of(*value.truth));
  }
  return saw;
}

std::string times(std::uint64_t count) {
  return fmt::format("{} {}", count, count == 1 ? "time" : "times");
}

std::string counts_text(const Outcome& outcome, const ProgramOutcome& program) {
  const RunOutcome& run = program.run;
  if (run.displaced) return "not tried: another program of the object took its place";
  const std::string hit = hit_word(outcome, program).value_or("not told");
  std::string text;
  if (hit == "yes") text = "hit";
  if (hit == "no") text = "never hit by the trigger";
  if (hit == "not_tried") text = "no trigger was pulled";
  if (text.empty()) text = "hit or not: nobody counted";
  if (run.hits) text += fmt::format(", counted itself {}", times(*run.hits));
  if (run.run_cnt) text += fmt::format(", run {} by the kernel's count", times(*run.run_cnt));
  if (run.run_time_ns.value_or(0) > 0) text += fmt::format(", {} ns in all", *run.run_time_ns);
  return text;
}

std::string_view arguments_text(ArgumentsSeen arguments) {
  switch (arguments) {
    case ArgumentsSeen::not_told:
      return "";
    case ArgumentsSeen::direct:
      return "right, taken directly: this function has them as any function has";
    case ArgumentsSeen::wrapped:
      return "right, taken through the inner pt_regs: this function is a wrapper and has one "
             "argument, the registers of the system call";
    case ArgumentsSeen::wrong:
      return "wrong: taken as if this function had them directly, or the other way round; a wrapper "
             "has one argument, the pt_regs that hold them (BPF_KSYSCALL knows both)";
  }
  return "";
}

}  // namespace

std::string trigger_text(const Outcome& outcome) {
  std::string text;
  const TriggerOutcome& trigger = outcome.trigger;
  if (!trigger.problem.empty()) {
    text += fmt::format("trigger     not pulled: {}\n", trigger.problem);
  } else if (!trigger.kind.empty()) {
    text += fmt::format("trigger     {}\n", performed_text(trigger));
  }
  for (const ObservedValue& value : outcome.observed) {
    text += fmt::format("observed    {}\n", value_text(value));
  }
  return text;
}

std::string run_text(const Outcome& outcome, const ProgramOutcome& program) {
  if (program.attach.stage.result != StageResult::ok) return "";
  std::string text = fmt::format("  run       {}\n", counts_text(outcome, program));
  const std::string_view arguments = arguments_text(program.run.arguments);
  if (!arguments.empty()) text += fmt::format("  arguments {}\n", arguments);
  return text;
}

}  // namespace bpfmatrix
