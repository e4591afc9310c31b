#include "analysis/causes/classify.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "analysis/causes/cause_matcher.h"
#include "base/verifier_stats.h"

namespace bpfmatrix {

namespace {

/// What the shortest limit on a program's length has ever been (up to 5.1).
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

void accept(const CauseMatch& match, Judgement& judgement) {
  judgement.cause = match.rule->cause;
  judgement.subject = match.subject;
  if (match.instruction) judgement.instruction = match.instruction;
}

/// Helpers that read the kernel's memory are not even offered while it is locked down.
bool is_withheld_by_lockdown(std::string_view helper) {
  return helper.starts_with("bpf_probe_read") || helper.starts_with("bpf_probe_write");
}

/// Some wordings have one meaning only together with what else is known.
void refine(const RefusalFacts& facts, Judgement& judgement) {
  const bool data = facts.global_data.value_or(false);
  const bool callbacks = facts.callbacks.value_or(false);
  if (judgement.cause == Cause::ldimm64_unsupported) {
    if (data && !callbacks) judgement.cause = Cause::global_data_unsupported;
    if (callbacks && !data) judgement.cause = Cause::callback_unsupported;
  }
  // 5.10 does not count a callback as a function, so func_info has one too many.
  if (judgement.cause == Cause::btf_rejected && callbacks) {
    judgement.cause = Cause::callback_unsupported;
  }
  if (judgement.cause == Cause::helper_not_allowed && facts.locked_down.value_or(false) &&
      is_withheld_by_lockdown(judgement.subject)) {
    judgement.cause = Cause::lockdown;
  }
}

/// Since 5.6 a global function is verified by itself, and what the context is that it is handed,
/// the kernel looks up in its own BTF: without that it calls every such argument unsupported.
bool lacks_own_btf(std::string_view log, const Judgement& judgement) {
  return judgement.cause == Cause::bad_call &&
         log.find("\nbtf_vmlinux is malformed\n") != std::string_view::npos;
}

/// What root would be told stands before what others are told ("prohibited for !root"), and a log
/// that is whole ends with the count of instructions: without it, the line that matters may be
/// missing.
bool may_lack_its_last_line(const Refusal& refusal, const Judgement& judgement) {
  return judgement.cause == Cause::out_of_bounds && refusal.facts.all_capabilities == false &&
         !parse_verifier_stats(refusal.log).insns &&
         find_report(refusal.log) == std::string_view::npos;
}

/// A log cut inside a number speaks of another helper than the call before it.
bool is_cut(const Refusal& refusal, const Judgement& judgement) {
  if (may_lack_its_last_line(refusal, judgement)) return true;
  if (judgement.cause != Cause::helper_unknown || judgement.lines.size() < 2) return false;
  const std::string& call = judgement.lines.front();
  const std::string callee = " call " + judgement.subject;
  return call.find(callee) != std::string::npos && !call.ends_with(callee);
}

/// The object knows file and line where the kernel prints neither.
void take_source(const Refusal& refusal, Judgement& judgement) {
  if (refusal.source && judgement.instruction == refusal.source->instruction) {
    judgement.source = refusal.source;
  }
}

/// Judgements about the whole program: where the verifier happened to stand means nothing.
bool has_a_place(Cause cause) {
  return cause != Cause::stack_too_deep && cause != Cause::btf_rejected &&
         cause != Cause::callback_unsupported && cause != Cause::no_exit;
}

/// False: the log holds no verdict, and others are to be asked.
bool judge_by_log(const Refusal& refusal, Judgement& judgement) {
  if (refusal.errno_name == "ENOSPC" && !refusal.log.empty()) {
    judgement.cause = Cause::log_truncated;
    return true;
  }
  LogEnd end = read_log_end(refusal.log);
  judgement.lines = std::move(end.lines);
  judgement.instruction = end.instruction;
  judgement.source = std::move(end.source);
  if (end.verdict.empty()) return false;
  // A verdict that nobody can read stays unknown: the loader's commonplaces must not overrule it.
  const std::optional<CauseMatch> match = match_verdict(refusal.errno_name, end.verdict);
  if (!match) return true;
  accept(*match, judgement);
  // The line names another instruction than the one whose source line was printed last.
  if (judgement.instruction != end.instruction) judgement.source.reset();
  refine(refusal.facts, judgement);
  if (lacks_own_btf(refusal.log, judgement)) judgement.cause = Cause::no_kernel_btf;
  if (is_cut(refusal, judgement)) judgement.cause = Cause::unknown;
  if (!has_a_place(judgement.cause)) {
    judgement.instruction.reset();
    judgement.source.reset();
  }
  take_source(refusal, judgement);
  return true;
}

bool judge_by_message(const Refusal& refusal, Judgement& judgement) {
  for (const std::string_view line : message_lines(refusal.message)) {
    const std::optional<CauseMatch> match = match_message(refusal.errno_name, line);
    if (!match) continue;
    accept(*match, judgement);
    judgement.lines = {std::string(line)};
    return true;
  }
  return false;
}

/// EPERM means, in this order: a limit on locked memory, lockdown, a missing capability.
Cause permission_cause(const RefusalFacts& facts) {
  if (!facts.memlock_limited) return Cause::unknown;
  if (*facts.memlock_limited) return Cause::memlock;
  if (facts.locked_down.value_or(false)) return Cause::lockdown;
  // Whoever has them all lacks none: it is something else.
  return facts.all_capabilities.value_or(false) ? Cause::unknown : Cause::capability;
}

Cause map_cause(const Refusal& refusal) {
  if (refusal.errno_name == "E2BIG" && refusal.facts.attributes_known == false) {
    return Cause::attribute_too_new;
  }
  if (refusal.errno_name == "EINVAL" && refusal.facts.type_known == false) {
    return Cause::map_type_unknown;
  }
  return Cause::map_create_failed;
}

/// Without a log, E2BIG was said before verification: of the program's length, or of an attribute.
Cause too_big_cause(const RefusalFacts& facts) {
  if (facts.attributes_known == false) return Cause::attribute_too_new;
  if (facts.attributes_known == true) return Cause::program_too_long;
  if (!facts.instructions) return Cause::unknown;
  return *facts.instructions > kShortestLimit ? Cause::program_too_long : Cause::attribute_too_new;
}

Cause load_cause(const Refusal& refusal) {
  const RefusalFacts& facts = refusal.facts;
  if (refusal.errno_name == "EINVAL" && facts.type_known == false) {
    return Cause::program_type_unknown;
  }
  if (refusal.errno_name == "EINVAL" && facts.attach_type_known == false) {
    return Cause::attach_type_unknown;
  }
  if (refusal.errno_name == "EINVAL" && facts.attributes_known == false) {
    return Cause::attribute_too_new;
  }
  const bool too_big = refusal.errno_name == "E2BIG" && read_log_end(refusal.log).silent;
  return too_big ? too_big_cause(facts) : Cause::unknown;
}

Cause attach_cause(const Refusal& refusal) {
  const std::string_view errno_name = refusal.errno_name;
  // tracefs is root's: an ordinary user does not even get to ask for the event.
  if (errno_name == "EACCES" && refusal.facts.all_capabilities == false) return Cause::capability;
  if (errno_name == "ENOENT" || errno_name == "ESRCH") return Cause::attach_target_missing;
  if (errno_name == "EBUSY" || errno_name == "EEXIST") return Cause::attach_busy;
  if (errno_name == "EOPNOTSUPP") return Cause::attach_type_unknown;
  return Cause::attach_refused;
}

Cause cause_by_errno(const Refusal& refusal) {
  if (refusal.stage == Stage::open) return Cause::loader_refused;
  // A loader that may do nothing finds out before it has anything to load.
  if (refusal.errno_name == "EPERM") return permission_cause(refusal.facts);
  if (refusal.stage == Stage::relocate) return Cause::loader_refused;
  if (refusal.errno_name == "ENOMEM") return Cause::out_of_memory;
  if (refusal.errno_name == "ENOTSUPP") return Cause::enotsupp_arch;
  switch (refusal.stage) {
    case Stage::map:
      return map_cause(refusal);
    case Stage::load:
      return load_cause(refusal);
    case Stage::attach:
      return attach_cause(refusal);
    case Stage::open:
    case Stage::relocate:
      break;
  }
  return Cause::unknown;
}

void judge_by_errno(const Refusal& refusal, Judgement& judgement) {
  judgement.cause = cause_by_errno(refusal);
  judgement.subject = refusal.name;
  if (!judgement.lines.empty()) return;
  const std::vector<std::string_view> said = message_lines(refusal.message);
  if (!said.empty()) judgement.lines = {std::string(said.front())};
}

// ---- from an outcome ----

bool refused(const StageOutcome& stage) { return stage.result == StageResult::refused; }

std::optional<bool> to_bool(Truth truth) {
  if (truth == Truth::unknown) return std::nullopt;
  return truth == Truth::yes;
}

/// "ringbuf" -> "BPF_MAP_TYPE_RINGBUF"
std::string type_name(std::string_view prefix, std::string_view type) {
  std::string name(prefix);
  for (const char c : type) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
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
  if (stage == Stage::load) return to_bool(kernel.feature(type_name("BPF_PROG_TYPE_", type)));
  if (stage != Stage::map) return std::nullopt;
  if (const auto number = type_number(type)) return to_bool(kernel.map_type_number(*number));
  return to_bool(kernel.feature(type_name("BPF_MAP_TYPE_", type)));
}

/// libbpf names the maps of global data after their sections; other names have no dot.
std::optional<bool> global_data(const Outcome& outcome) {
  if (outcome.object.global_data) return outcome.object.global_data;
  if (outcome.maps.empty()) return std::nullopt;
  return std::any_of(outcome.maps.begin(), outcome.maps.end(),
                     [](const MapOutcome& map) { return map.name.find('.') != std::string::npos; });
}

RefusalFacts facts_of(const Outcome& outcome) {
  const Privileges& privileges = outcome.privileges;
  RefusalFacts facts;
  facts.global_data = global_data(outcome);
  facts.callbacks = outcome.object.callbacks;
  facts.memlock_limited = privileges.memlock_bytes && outcome.memlock_counted.value_or(true);
  if (!privileges.lockdown.empty()) facts.locked_down = true;
  facts.all_capabilities = !privileges.capabilities;
  return facts;
}

Refusal refusal_of(Stage stage, const StageOutcome& said, std::string_view name,
                   const Outcome& outcome) {
  return {.stage = stage,
          .errno_name = said.errno_name,
          .message = said.message,
          .name = name,
          .facts = facts_of(outcome)};
}

/// What was found out about the kernel, where the cell itself does not know better.
void add_facts(const KernelFacts* kernel, std::string_view type, Refusal& refusal) {
  if (kernel == nullptr) return;
  RefusalFacts& facts = refusal.facts;
  if (!facts.type_known) facts.type_known = type_known(refusal.stage, type, *kernel);
  if (!facts.locked_down) facts.locked_down = kernel->locked_down();
}

/// The verifier knows the number of the poison only; what it stands for is in the record.
void name_poison(const ProgramOutcome& program, Judgement& judgement) {
  if (judgement.cause != Cause::core_poison_reached || !judgement.instruction) return;
  for (const RelocationRecord& record : program.relocations) {
    const bool poisoned = record.result == RelocationResult::poisoned;
    if (poisoned && record.linked_insn == *judgement.instruction) judgement.subject = record.local;
  }
}

}  // namespace

Judgement classify(const Refusal& refusal) {
  Judgement judgement;
  if (refusal.stage == Stage::load && judge_by_log(refusal, judgement)) return judgement;
  if (judge_by_message(refusal, judgement)) return judgement;
  judge_by_errno(refusal, judgement);
  return judgement;
}

std::optional<Judgement> judge_program(const Outcome& outcome, const ProgramOutcome& program,
                                       const KernelFacts* kernel) {
  if (refused(outcome.open)) return classify(refusal_of(Stage::open, outcome.open, "", outcome));
  if (refused(outcome.relocation.stage)) {
    return classify(refusal_of(Stage::relocate, outcome.relocation.stage, "", outcome));
  }
  if (refused(program.load.stage)) {
    Refusal refusal = refusal_of(Stage::load, program.load.stage, program.name, outcome);
    refusal.log = program.load.log_tail;
    refusal.source = program.load.source;
    refusal.facts.instructions = program.load.instructions;
    refusal.facts.attributes_known = program.load.attributes_known;
    refusal.facts.type_known = program.load.type_known;
    refusal.facts.attach_type_known = program.load.attach_type_known;
    add_facts(kernel, program.type, refusal);
    Judgement judgement = classify(refusal);
    name_poison(program, judgement);
    return judgement;
  }
  if (refused(program.attach.stage)) {
    Refusal refusal =
        refusal_of(Stage::attach, program.attach.stage, program.attach.asked, outcome);
    add_facts(kernel, program.type, refusal);
    return classify(refusal);
  }
  if (program.load.stage.result != StageResult::not_tried) return std::nullopt;
  for (const MapOutcome& map : outcome.maps) {
    if (!refused(map.stage)) continue;
    Refusal refusal = refusal_of(Stage::map, map.stage, map.name, outcome);
    refusal.facts.attributes_known = map.attributes_known;
    add_facts(kernel, map.type, refusal);
    return classify(refusal);
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
