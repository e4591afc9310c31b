#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/advice.h"
#include "analysis/causes/feature_check.h"
#include "analysis/causes/finding.h"
#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kShownHash = 16;

std::string kernel_text(const OutcomeKernel& kernel) {
  std::string text = kernel.id;
  if (!kernel.release.empty()) text += fmt::format(", {} {}", kernel.release, kernel.arch);
  text += kernel.btf_present ? fmt::format(", BTF {} bytes", kernel.btf_bytes) : ", no BTF";
  return text;
}

std::string origin_text(const OutcomeKernel& kernel) {
  std::string text = kernel.origin_kind;
  if (!kernel.package.empty()) text += fmt::format(" {} {}", kernel.package, kernel.version);
  if (!kernel.sha256.empty())
    text += fmt::format(", sha256 {}", kernel.sha256.substr(0, kShownHash));
  if (!kernel.signed_by.empty()) text += fmt::format(", signed by {}", kernel.signed_by);
  return text;
}

std::string embedded_text(const std::optional<EmbeddedBtf>& embedded) {
  if (!embedded) return "";
  std::string text =
      fmt::format("{} bytes, sha256 {}, ", embedded->bytes, embedded->sha256.substr(0, kShownHash));
  switch (embedded->origin) {
    case EmbeddedOrigin::kernel:
      return text + "the kernel's own";
    case EmbeddedOrigin::debug_info:
      return text + "made from the kernel's debug information";
    case EmbeddedOrigin::file:
      text += "given as a file";
      break;
  }
  if (!embedded->functions) return text;
  return text + fmt::format("; this kernel has {} of its {} functions",
                            embedded->functions_in_kernel.value_or(0), *embedded->functions);
}

std::string object_text(const OutcomeObject& object) {
  std::string text = object.path;
  if (!object.sha256.empty())
    text += fmt::format(", sha256 {}", object.sha256.substr(0, kShownHash));
  text += object.btf ? ", BTF" : ", no BTF";
  if (object.btf_ext) text += " and .BTF.ext";
  text += object.license.empty() ? ", no license" : ", license " + object.license;
  if (!object.producer.empty()) text += ", " + object.producer;
  return text;
}

std::string privileges_text(const Privileges& privileges) {
  std::vector<std::string> parts;
  if (privileges.capabilities) {
    const bool none = privileges.capabilities->empty();
    parts.push_back(
        none ? "an ordinary user without capabilities"
             : fmt::format("an ordinary user with {}", fmt::join(*privileges.capabilities, ", ")));
  }
  if (privileges.memlock_bytes)
    parts.push_back(fmt::format("{} bytes of locked memory", *privileges.memlock_bytes));
  if (!privileges.lockdown.empty()) parts.push_back("kernel locked down to " + privileges.lockdown);
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

std::string explain_asked(const Telling& told) {
  const Outcome& outcome = told.outcome;
  const std::string privileges = privileges_text(outcome.privileges);
  const std::string embedded = embedded_text(outcome.embedded);
  return labelled("cell", outcome.cell) + labelled("kernel", kernel_text(outcome.kernel)) +
         labelled("origin", origin_text(outcome.kernel)) +
         labelled("object", object_text(outcome.object)) +
         labelled("loader", fmt::format("{} {}, BTF source '{}'", outcome.loader,
                                        outcome.loader_version, outcome.btf_source)) +
         (embedded.empty() ? "" : labelled("embedded", embedded)) +
         (privileges.empty() ? "" : labelled("privileges", privileges));
}

std::string explain_kernel(const Telling& told) {
  if (told.kernel == nullptr) return "";
  std::string text;
  for (const Disagreement& one : check_features(told.features, *told.kernel)) {
    text += fmt::format("{}{}", text.empty() ? "" : "\n", to_string(one));
  }
  return text.empty() ? "" : labelled("seen", text);
}

std::string machine_text(const VmOutcome& vm) {
  std::string text = fmt::format("{}, {}, agent ready after {} ms, cell took {} ms", vm.accel,
                                 vm.cloned ? "cloned" : "booted", vm.ready_ms, vm.wall_ms);
  if (vm.cached) text += "; from the cache";
  if (vm.cold_checked) text += "; also run in a booted machine";
  for (const AttemptOutcome& attempt : vm.attempts) {
    text += fmt::format("\n{}: {}{}{}", attempt.cloned ? "cloned" : "booted",
                        to_string(attempt.end), attempt.reason.empty() ? "" : ": ", attempt.reason);
  }
  for (const std::string& difference : vm.flaky) text += "\nattempts differ: " + difference;
  return text;
}

std::string explain_machine(const Telling& told) {
  const Outcome& outcome = told.outcome;
  std::string end(to_string(outcome.end));
  if (!outcome.end_reason.empty()) end += ": " + outcome.end_reason;
  std::string text = labelled("vm", machine_text(outcome.vm)) + labelled("end", end);
  if (!outcome.console_tail.empty()) {
    text += "the console's last lines:\n" + quoted(outcome.console_tail, "  | ");
  }
  if (!outcome.splats) return text;
  for (const Splat& splat : *outcome.splats) {
    std::string what = "complained: " + splat.name;
    if (splat.count > 1) what += fmt::format(", {} times", splat.count);
    if (splat.stall) what += "; of an emulated machine it may be the host's";
    text += labelled("kernel", what) + quoted(splat.excerpt, "  | ");
  }
  return text;
}

/// "first:xdp_pass, attached (xdp lo), ran 3 times"
std::string explain_companion(const CompanionOutcome& other) {
  std::string text = other.object;
  if (!other.program.empty()) text += ":" + other.program;
  if (other.stage.result != StageResult::ok) return text + ", " + stage_text(other.stage);
  const std::string where = other.requested.empty() ? "" : " " + other.requested;
  text += other.method.empty() ? ", loaded" : fmt::format(", attached ({}{})", other.method, where);
  if (!other.run_cnt) return text;
  if (*other.run_cnt == 0) return text + ", did not run";
  return text + fmt::format(", ran {} time{}", *other.run_cnt, *other.run_cnt == 1 ? "" : "s");
}

std::string explain_object(const Telling& told) {
  const Outcome& outcome = told.outcome;
  std::string text;
  if (outcome.beside) {
    for (const CompanionOutcome& other : *outcome.beside)
      text += labelled("beside it", explain_companion(other));
  }
  if (outcome.modules)
    text += labelled("modules", fmt::format("{}", fmt::join(*outcome.modules, ", ")));
  if (outcome.not_set_up) {
    for (const std::string& what : *outcome.not_set_up) text += labelled("not set up", what);
  }
  text += labelled("open", stage_text(outcome.open));
  if (outcome.programs.empty()) {
    const Finding finding = find_cause(outcome, nullptr, told.kernel);
    if (!finding.sentence.empty()) text += labelled("cause", finding.sentence);
    const std::string what_to_do = advice(outcome, nullptr, told.features, told.kernel);
    if (!what_to_do.empty()) text += labelled("advice", what_to_do);
  }
  for (const MapOutcome& map : outcome.maps) {
    const std::string sized =
        map.sized ? fmt::format(
                        ", made with max_entries {}: neither the object nor the project "
                        "says how many",
                        *map.sized)
                  : "";
    text += labelled(
        "map", fmt::format("'{}' ({}): {}{}", map.name, map.type, stage_text(map.stage), sized));
  }
  return text;
}

std::string explain_relocated(const Telling& told) {
  const RelocateOutcome& relocation = told.outcome.relocate;
  std::string text = stage_text(relocation.stage);
  const auto count = [&](std::string_view name, const std::optional<int>& value) {
    if (value) text += fmt::format(", {} {}", *value, name);
  };
  count("applied", relocation.applied);
  count("skipped", relocation.skipped);
  count("poisoned", relocation.poisoned);
  return labelled("relocate", text);
}

std::string explain_again(const Telling& told) {
  return fmt::format("\nrun it again: {}\n", told.again);
}

}  // namespace bpfmatrix
