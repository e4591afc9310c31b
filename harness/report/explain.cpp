#include "report/explain.h"

#include <fmt/format.h>

#include "analysis/advice.h"
#include "analysis/finding.h"

namespace bpfmatrix {

namespace {

constexpr int kLabelWidth = 12;

std::string line(std::string_view label, std::string_view text) {
  return fmt::format("{:<{}}{}\n", label, kLabelWidth, text);
}

std::string indented(std::string_view text, std::string_view margin) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}\n", margin, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string_view word(StageResult result, std::string_view ok) {
  switch (result) {
    case StageResult::not_tried:
      return "not tried";
    case StageResult::ok:
      return ok;
    case StageResult::refused:
      return "refused";
  }
  return "";
}

/// "refused, EINVAL: the loader's words"
std::string stage_text(const StageOutcome& stage, std::string_view ok) {
  std::string text(word(stage.result, ok));
  if (!stage.errno_name.empty()) text += ", " + stage.errno_name;
  if (!stage.message.empty()) text += ": " + stage.message;
  return text;
}

/// "ended by itself with exit code 1"; "told by signal 2, ended with exit code 0".
std::string command_text(const CommandOutcome& command) {
  std::string text = command.told_by ? fmt::format("told by signal {}, ended", *command.told_by)
                                     : std::string("ended by itself");
  text += command.exit_code ? fmt::format(" with exit code {}", *command.exit_code)
                            : fmt::format(" by signal {}", command.signal.value_or(0));
  if (command.probes > 0) text += fmt::format("; asked the kernel with {} probes", command.probes);
  return text;
}

std::string kernel_text(const OutcomeKernel& kernel) {
  std::string text = kernel.id;
  if (!kernel.release.empty()) text += fmt::format(", {} {}", kernel.release, kernel.arch);
  text += kernel.btf_present ? fmt::format(", BTF {} bytes", kernel.btf_bytes) : ", no BTF";
  return text;
}

std::string origin_text(const OutcomeKernel& kernel) {
  std::string text = kernel.origin_kind;
  if (!kernel.package.empty()) text += fmt::format(" {} {}", kernel.package, kernel.version);
  if (!kernel.sha256.empty()) text += fmt::format(", sha256 {}", kernel.sha256.substr(0, 16));
  if (!kernel.signed_by.empty()) text += fmt::format(", signed by {}", kernel.signed_by);
  return text;
}

std::string object_text(const OutcomeObject& object) {
  std::string text = object.path;
  if (!object.sha256.empty()) text += fmt::format(", sha256 {}", object.sha256.substr(0, 16));
  text += object.btf ? ", BTF" : ", no BTF";
  if (object.btf_ext) text += " and .BTF.ext";
  text += object.license.empty() ? ", no licence" : ", licence " + object.license;
  if (!object.producer.empty()) text += ", " + object.producer;
  return text;
}

std::string relocation_text(const RelocationOutcome& relocation) {
  std::string text = stage_text(relocation.stage, "done");
  const auto count = [&](std::string_view name, const std::optional<int>& value) {
    if (value) text += fmt::format(", {} {}", *value, name);
  };
  count("applied", relocation.applied);
  count("skipped", relocation.skipped);
  count("poisoned", relocation.poisoned);
  return text;
}

std::string stats_text(const VerifierStats& stats) {
  std::string text;
  const auto number = [&](std::string_view name, const std::optional<std::uint64_t>& value) {
    if (value) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", *value, name);
  };
  number("instructions processed", stats.insns);
  number("states", stats.states_total);
  number("states at peak", stats.states_peak);
  number("bytes of stack", stats.stack_bytes);
  number("µs in the verifier", stats.verification_usec);
  number("bytes translated", stats.xlated_bytes);
  number("bytes of machine code", stats.jited_bytes);
  return text;
}

std::string attach_text(const AttachOutcome& attach) {
  std::string text = stage_text(attach.stage, "attached");
  if (!attach.method.empty()) text += fmt::format(", {}", attach.method);
  if (!attach.asked.empty()) text += fmt::format(", asked for '{}'", attach.asked);
  if (!attach.taken.empty()) text += fmt::format(", took '{}'", attach.taken);
  return text;
}

std::string program_text(const Outcome& outcome, const ProgramOutcome& program,
                         const Features& features, const std::string& run_dir) {
  std::string text =
      fmt::format("\nprogram '{}' ({}, {})\n", program.name, program.section, program.type);
  text += line("  load", stage_text(program.load.stage, "accepted"));
  const Finding finding = find_cause(outcome, &program);
  if (!finding.sentence.empty()) text += line("  cause", finding.sentence);
  const std::string what_to_do = advice(outcome, &program, features);
  if (!what_to_do.empty()) text += line("  advice", what_to_do);
  if (const std::string stats = stats_text(program.load.stats); !stats.empty())
    text += line("  verifier", stats);
  if (program.load.stage.result == StageResult::refused && !program.load.log_tail.empty()) {
    text += "  the verifier's last lines:\n" + indented(program.load.log_tail, "    | ");
  }
  if (!program.load.log_sha256.empty()) {
    text += line("  whole log",
                 fmt::format("zcat {}/logs/{}.log.gz{}", run_dir, program.load.log_sha256,
                             program.load.log_truncated ? " (its beginning is missing)" : ""));
  }
  return text + line("  attach", attach_text(program.attach));
}

}  // namespace

std::string explain(const Outcome& outcome, const Features& features, const std::string& run_dir) {
  std::string text = line("cell", outcome.cell);
  text += line("kernel", kernel_text(outcome.kernel));
  text += line("origin", origin_text(outcome.kernel));
  text += line("object", object_text(outcome.object));
  text += line("loader", fmt::format("{} {}, BTF source '{}'", outcome.loader,
                                     outcome.loader_version, outcome.btf_source));
  if (outcome.command) text += line("command", command_text(*outcome.command));
  text += line("vm", fmt::format("{}, agent ready after {} ms, cell took {} ms", outcome.accel,
                                 outcome.ready_ms, outcome.wall_ms));
  std::string end(to_string(outcome.end));
  if (!outcome.end_reason.empty()) end += ": " + outcome.end_reason;
  text += line("end", end);
  if (!outcome.console_tail.empty()) {
    text += "the console's last lines:\n" + indented(outcome.console_tail, "  | ");
  }
  text += line("open", stage_text(outcome.open, "opened"));
  if (outcome.programs.empty()) {
    const Finding finding = find_cause(outcome, nullptr);
    if (!finding.sentence.empty()) text += line("cause", finding.sentence);
    const std::string what_to_do = advice(outcome, nullptr, features);
    if (!what_to_do.empty()) text += line("advice", what_to_do);
  }
  for (const MapOutcome& map : outcome.maps) {
    text += line(
        "map", fmt::format("'{}' ({}): {}", map.name, map.type, stage_text(map.stage, "created")));
  }
  text += line("relocated", relocation_text(outcome.relocation));
  for (const ProgramOutcome& program : outcome.programs)
    text += program_text(outcome, program, features, run_dir);
  text += fmt::format("\nrun it again: bpfmatrix run --kernel {} --case {} --btf {} --loader {}\n",
                      outcome.kernel.id, outcome.case_id, outcome.btf_source, outcome.loader);
  return text;
}

}  // namespace bpfmatrix
