#include "analysis/causes/classify.h"

#include <algorithm>
#include <charconv>

#include "analysis/causes/cause_matcher.h"
#include "analysis/causes/features.h"
#include "base/verifier_stats.h"

namespace bpfmatrix {

namespace {

/// The shortest limit on a program's length that there was: BPF_MAXINSNS, up to 5.1
/// (kernel/bpf/syscall.c, bpf_prog_load(), v4.18; a million since c04c0d2b968a, 5.2).
constexpr std::uint64_t kShortestLimit = 4096;
constexpr std::size_t kMaxMessage = 16 << 10;
constexpr std::size_t kMaxMessageLine = 1024;

std::string_view without_prefix(std::string_view line) {
  constexpr std::string_view kPrefix = "libbpf: ";
  if (line.starts_with(kPrefix)) line.remove_prefix(kPrefix.size());
  return line;
}

std::vector<std::string_view> message_lines(std::string_view message) {
  message = message.substr(0, kMaxMessage);
  std::vector<std::string_view> lines;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    if (end > 0) lines.push_back(without_prefix(message.substr(0, std::min(end, kMaxMessageLine))));
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return lines;
}

void accept(const CauseMatch& match, Diagnosis& diagnosis) {
  diagnosis.cause = match.rule->cause;
  diagnosis.subject = match.subject;
  if (match.instruction) diagnosis.instruction = match.instruction;
}

/// Helpers that read the kernel's memory are not offered while it is locked down (since
/// ff40e51043af, 5.13; before, they fail when they are called: kernel/trace/bpf_trace.c,
/// bpf_probe_read_kernel_common(), v5.8).
bool is_withheld_by_lockdown(std::string_view helper) {
  return helper.starts_with("bpf_probe_read") || helper.starts_with("bpf_probe_write");
}

/// Some messages have one meaning only together with other facts.
void refine(const FailureFacts& facts, Diagnosis& diagnosis) {
  const bool data = facts.global_data.value_or(false);
  const bool callbacks = facts.callbacks.value_or(false);
  if (diagnosis.cause == Cause::ldimm64_unsupported) {
    if (data && !callbacks) diagnosis.cause = Cause::global_data_unsupported;
    if (callbacks && !data) diagnosis.cause = Cause::callback_unsupported;
  }
  // 5.10 does not count a callback as a function, so func_info has one too many.
  if (diagnosis.cause == Cause::btf_rejected && callbacks) {
    diagnosis.cause = Cause::callback_unsupported;
  }
  if (diagnosis.cause == Cause::helper_not_allowed && facts.locked_down.value_or(false) &&
      is_withheld_by_lockdown(diagnosis.subject)) {
    diagnosis.cause = Cause::lockdown;
  }
}

/// Since 5.6 (51c39bb1d5d1) a global function is verified by itself, and the kernel looks up the
/// type of its context in its own BTF: without BTF it calls every such argument unsupported
/// (kernel/bpf/btf.c, btf_get_prog_ctx_type(), v5.8).
bool lacks_own_btf(std::string_view log, const Diagnosis& diagnosis) {
  return diagnosis.cause == Cause::bad_call &&
         log.find("\nbtf_vmlinux is malformed\n") != std::string_view::npos;
}

/// The check for all comes before that for others ("prohibited for !root"), and a log
/// that is whole ends with the count of instructions: without it, the line that matters may be
/// missing.
bool may_lack_its_last_line(const Failure& failure, const Diagnosis& diagnosis) {
  return diagnosis.cause == Cause::out_of_bounds && failure.facts.all_capabilities == false &&
         !parse_verifier_stats(failure.log).insns &&
         find_report(failure.log) == std::string_view::npos;
}

/// A log that was cut inside a number names another helper than the call before it.
bool is_cut(const Failure& failure, const Diagnosis& diagnosis) {
  if (may_lack_its_last_line(failure, diagnosis)) return true;
  if (diagnosis.cause != Cause::helper_unknown || diagnosis.lines.size() < 2) return false;
  const std::string& call = diagnosis.lines.front();
  const std::string callee = " call " + diagnosis.subject;
  return call.find(callee) != std::string::npos && !call.ends_with(callee);
}

/// The object knows file and line if the kernel prints neither.
void take_source(const Failure& failure, Diagnosis& diagnosis) {
  if (failure.source && diagnosis.instruction == failure.source->instruction) {
    diagnosis.source = failure.source;
  }
}

/// Diagnoses about the whole program: the instruction that the verifier was at means nothing.
bool has_a_place(Cause cause) {
  return cause != Cause::stack_too_deep && cause != Cause::btf_rejected &&
         cause != Cause::callback_unsupported && cause != Cause::no_exit;
}

/// False: the log has no result; look elsewhere.
bool diagnose_by_log(const Failure& failure, Diagnosis& diagnosis) {
  // The log did not fit: kernel/bpf/verifier.c, bpf_check(), v4.18 and v5.8.
  if (failure.errno_name == "ENOSPC" && !failure.log.empty()) {
    diagnosis.cause = Cause::log_truncated;
    return true;
  }
  LogEnd end = read_log_end(failure.log);
  diagnosis.lines = std::move(end.lines);
  diagnosis.instruction = end.instruction;
  diagnosis.source = std::move(end.source);
  if (end.reason.empty()) return false;
  // A result that no rule matches stays unknown: the loader's general messages must not overrule
  // it.
  const std::optional<CauseMatch> match = match_verifier_line(failure.errno_name, end.reason);
  if (!match) return true;
  accept(*match, diagnosis);
  // The line names another instruction than the one whose source line was printed last.
  if (diagnosis.instruction != end.instruction) diagnosis.source.reset();
  refine(failure.facts, diagnosis);
  if (lacks_own_btf(failure.log, diagnosis)) diagnosis.cause = Cause::no_kernel_btf;
  if (is_cut(failure, diagnosis)) diagnosis.cause = Cause::unknown;
  if (!has_a_place(diagnosis.cause)) {
    diagnosis.instruction.reset();
    diagnosis.source.reset();
  }
  take_source(failure, diagnosis);
  return true;
}

bool diagnose_by_message(const Failure& failure, Diagnosis& diagnosis) {
  for (const std::string_view line : message_lines(failure.message)) {
    const std::optional<CauseMatch> match = match_message(failure.errno_name, line);
    if (!match) continue;
    accept(*match, diagnosis);
    diagnosis.lines = {std::string(line)};
    return true;
  }
  return false;
}

/// EPERM means, in this order: a limit on locked memory (kernel/bpf/syscall.c, bpf_charge_memlock()
/// and __bpf_prog_charge(), v5.8; not since 97306be45fbe, 5.11), lockdown, a missing capability
/// (bpf_prog_load()).
Cause permission_cause(const FailureFacts& facts) {
  if (!facts.memlock_limited) return Cause::unknown;
  if (*facts.memlock_limited) return Cause::memlock;
  if (facts.locked_down.value_or(false)) return Cause::lockdown;
  // Whoever has them all lacks none: it is something else.
  return facts.all_capabilities.value_or(false) ? Cause::unknown : Cause::capability;
}

/// E2BIG and EINVAL: kernel/bpf/syscall.c, bpf_check_uarg_tail_zero() and find_and_alloc_map(),
/// v5.8.
Cause map_cause(const Failure& failure) {
  if (failure.errno_name == "E2BIG" && failure.facts.attributes_known == false) {
    return Cause::attribute_too_new;
  }
  if (failure.errno_name == "EINVAL" && failure.facts.type_known == false) {
    return Cause::map_type_unknown;
  }
  return Cause::map_create_failed;
}

/// Without a log, E2BIG comes from before verification: the program is too long
/// (kernel/bpf/syscall.c, bpf_prog_load(), v5.8), or an attribute is unknown
/// (bpf_check_uarg_tail_zero()).
Cause too_big_cause(const FailureFacts& facts) {
  if (facts.attributes_known == false) return Cause::attribute_too_new;
  if (facts.attributes_known == true) return Cause::program_too_long;
  if (!facts.instructions) return Cause::unknown;
  return *facts.instructions > kShortestLimit ? Cause::program_too_long : Cause::attribute_too_new;
}

/// EINVAL: kernel/bpf/syscall.c, find_prog_type() and bpf_prog_load_check_attach(), v5.8.
Cause load_cause(const Failure& failure) {
  const FailureFacts& facts = failure.facts;
  if (failure.errno_name == "EINVAL" && facts.type_known == false) {
    return Cause::program_type_unknown;
  }
  if (failure.errno_name == "EINVAL" && facts.attach_type_known == false) {
    return Cause::attach_type_unknown;
  }
  if (failure.errno_name == "EINVAL" && facts.attributes_known == false) {
    return Cause::attribute_too_new;
  }
  const bool too_big = failure.errno_name == "E2BIG" && read_log_end(failure.log).silent;
  return too_big ? too_big_cause(facts) : Cause::unknown;
}

Cause attach_cause(const Failure& failure) {
  const std::string_view errno_name = failure.errno_name;
  // Only root may read tracefs, so an ordinary user fails before the event is opened.
  if (errno_name == "EACCES" && failure.facts.all_capabilities == false) return Cause::capability;
  if (errno_name == "ENOENT" || errno_name == "ESRCH") return Cause::attach_target_missing;
  // EBUSY: kernel/bpf/trampoline.c, bpf_trampoline_link_prog(); EEXIST: kernel/trace/bpf_trace.c,
  // perf_event_attach_bpf_prog(); v5.8.
  if (errno_name == "EBUSY" || errno_name == "EEXIST") return Cause::attach_busy;
  if (errno_name == "EOPNOTSUPP") return Cause::attach_type_unknown;
  return Cause::attach_refused;
}

Cause cause_by_errno(const Failure& failure) {
  if (failure.stage == Stage::open) return Cause::loader_refused;
  // A loader without privileges fails before it loads anything.
  if (failure.errno_name == "EPERM") return permission_cause(failure.facts);
  if (failure.stage == Stage::relocate) return Cause::loader_refused;
  if (failure.errno_name == "ENOMEM") return Cause::out_of_memory;
  // An architecture without trampolines: kernel/bpf/trampoline.c, arch_prepare_bpf_trampoline(),
  // v5.8.
  if (failure.errno_name == "ENOTSUPP") return Cause::enotsupp_arch;
  switch (failure.stage) {
    case Stage::map:
      return map_cause(failure);
    case Stage::load:
      return load_cause(failure);
    case Stage::attach:
      return attach_cause(failure);
    case Stage::open:
    case Stage::relocate:
      break;
  }
  return Cause::unknown;
}

void diagnose_by_errno(const Failure& failure, Diagnosis& diagnosis) {
  diagnosis.cause = cause_by_errno(failure);
  diagnosis.subject = failure.name;
  if (!diagnosis.lines.empty()) return;
  const std::vector<std::string_view> said = message_lines(failure.message);
  if (!said.empty()) diagnosis.lines = {std::string(said.front())};
}

// ---- from an outcome ----

std::optional<bool> to_bool(Ternary truth) {
  if (truth == Ternary::unknown) return std::nullopt;
  return truth == Ternary::yes;
}

/// "type 200" -> 200
std::optional<std::uint32_t> type_number(std::string_view type) {
  constexpr std::string_view kPrefix = "type ";
  if (!type.starts_with(kPrefix)) return std::nullopt;
  type.remove_prefix(kPrefix.size());
  std::uint32_t number = 0;
  const char* end = type.data() + type.size();
  const auto [stopped, error] = std::from_chars(type.data(), end, number);
  return error == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

/// Of a map or program; a type that the loader has no name for is "type 200".
std::optional<bool> type_known(Stage stage, std::string_view type, const KernelFacts& kernel) {
  if (stage == Stage::load) return to_bool(kernel.feature(program_type_name(type)));
  if (stage != Stage::map) return std::nullopt;
  if (const auto number = type_number(type)) return to_bool(kernel.map_type_number(*number));
  return to_bool(kernel.feature(map_type_name(type)));
}

/// libbpf names the maps of global data after their sections; other names have no dot.
std::optional<bool> global_data(const Outcome& outcome) {
  if (outcome.object.global_data) return outcome.object.global_data;
  if (outcome.maps.empty()) return std::nullopt;
  return std::any_of(outcome.maps.begin(), outcome.maps.end(),
                     [](const MapOutcome& map) { return map.name.find('.') != std::string::npos; });
}

FailureFacts facts_of(const Outcome& outcome) {
  const Privileges& privileges = outcome.privileges;
  FailureFacts facts;
  facts.global_data = global_data(outcome);
  facts.callbacks = outcome.object.callbacks;
  facts.memlock_limited = privileges.memlock_bytes && outcome.memlock_counted.value_or(true);
  if (!privileges.lockdown.empty()) facts.locked_down = true;
  facts.all_capabilities = !privileges.capabilities;
  return facts;
}

Failure failure_of(Stage stage, const StageOutcome& said, std::string_view name,
                   const Outcome& outcome) {
  return {.stage = stage,
          .errno_name = said.errno_name,
          .message = said.message,
          .name = name,
          .facts = facts_of(outcome)};
}

/// What was found out about the kernel, where the cell itself does not know better.
void add_facts(const KernelFacts* kernel, std::string_view type, Failure& failure) {
  if (kernel == nullptr) return;
  FailureFacts& facts = failure.facts;
  if (!facts.type_known) facts.type_known = type_known(failure.stage, type, *kernel);
  if (!facts.locked_down) facts.locked_down = kernel->locked_down();
}

/// The verifier knows only the number of the poison; the record says which relocation it is.
void name_poison(const ProgramOutcome& program, Diagnosis& diagnosis) {
  if (diagnosis.cause != Cause::core_poison_reached || !diagnosis.instruction) return;
  for (const RelocationRecord& record : program.relocations) {
    const bool poisoned = record.result == RelocationResult::poisoned;
    if (poisoned && record.linked_insn == *diagnosis.instruction) diagnosis.subject = record.local;
  }
}

}  // namespace

Diagnosis classify(const Failure& failure) {
  Diagnosis diagnosis;
  if (failure.stage == Stage::load && diagnose_by_log(failure, diagnosis)) return diagnosis;
  if (diagnose_by_message(failure, diagnosis)) return diagnosis;
  diagnose_by_errno(failure, diagnosis);
  return diagnosis;
}

namespace {

/// The map for want of which the program was not loaded; nullptr: it is not that.
const MapOutcome* needed_map(const Outcome& outcome, const ProgramOutcome& program) {
  for (const MapOutcome& map : outcome.maps) {
    if (map.name == program.needs_map && map.stage.failed()) return &map;
  }
  return nullptr;
}

Diagnosis diagnose_map(const Outcome& outcome, const MapOutcome& map, const KernelFacts* kernel) {
  Failure failure = failure_of(Stage::map, map.stage, map.name, outcome);
  failure.facts.attributes_known = map.attributes_known;
  add_facts(kernel, map.type, failure);
  return classify(failure);
}

}  // namespace

std::optional<Diagnosis> diagnose_program(const Outcome& outcome, const ProgramOutcome& program,
                                          const KernelFacts* kernel) {
  if (outcome.open.failed()) return classify(failure_of(Stage::open, outcome.open, "", outcome));
  if (outcome.relocate.stage.failed()) {
    return classify(failure_of(Stage::relocate, outcome.relocate.stage, "", outcome));
  }
  if (const MapOutcome* map = needed_map(outcome, program))
    return diagnose_map(outcome, *map, kernel);
  if (program.load.stage.failed()) {
    Failure failure = failure_of(Stage::load, program.load.stage, program.name, outcome);
    failure.log = program.load.log_tail;
    failure.source = program.load.source;
    failure.facts.instructions = program.load.instructions;
    failure.facts.attributes_known = program.load.attributes_known;
    failure.facts.type_known = program.load.type_known;
    failure.facts.attach_type_known = program.load.attach_type_known;
    add_facts(kernel, program.type, failure);
    Diagnosis diagnosis = classify(failure);
    name_poison(program, diagnosis);
    return diagnosis;
  }
  if (program.attach.stage.failed()) {
    Failure failure =
        failure_of(Stage::attach, program.attach.stage, program.attach.requested, outcome);
    add_facts(kernel, program.type, failure);
    return classify(failure);
  }
  if (program.load.stage.result != StageResult::not_reached) return std::nullopt;
  if (program.left_out.value_or(false)) return std::nullopt;
  for (const MapOutcome& map : outcome.maps) {
    if (map.stage.failed()) return diagnose_map(outcome, map, kernel);
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
