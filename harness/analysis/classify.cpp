#include "analysis/classify.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "analysis/cause_rules.h"

namespace bpfmatrix {

namespace {

/// What the shortest limit on a program's length has ever been (up to 5.1).
constexpr std::uint64_t kShortestLimit = 4096;
constexpr std::size_t kMaxMessage = 16 << 10;
constexpr std::size_t kMaxMessageLine = 1024;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

struct Match {
  Cause cause = Cause::unknown;
  std::string subject{};
  std::optional<std::uint32_t> instruction{};
};

/// A rule whose pattern is compiled once.
class Matcher {
 public:
  explicit Matcher(const CauseRule& rule) : rule_(rule), pattern_(piece(rule.pattern), options()) {
    const auto& groups = pattern_.NamedCapturingGroups();
    if (const auto found = groups.find("subject"); found != groups.end()) subject_ = found->second;
    if (const auto found = groups.find("insn"); found != groups.end()) insn_ = found->second;
  }

  std::optional<Match> match(std::string_view errno_name, std::string_view line) const {
    if (!takes(errno_name)) return std::nullopt;
    re2::StringPiece groups[3];
    if (!pattern_.Match(piece(line), 0, line.size(), RE2::ANCHOR_BOTH, groups, 3)) {
      return std::nullopt;
    }
    Match found{.cause = rule_.cause};
    if (subject_ > 0) found.subject = std::string(groups[subject_]);
    if (std::uint32_t number = 0; insn_ > 0 && RE2::FullMatch(groups[insn_], R"((\d+))", &number)) {
      found.instruction = number;
    }
    return found;
  }

 private:
  static RE2::Options options() {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    return options;
  }

  bool takes(std::string_view errno_name) const {
    std::string_view rest = rule_.errnos;
    while (!rest.empty()) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      if (rest.substr(0, space) == errno_name) return true;
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return rule_.errnos.empty();
  }

  CauseRule rule_;
  RE2 pattern_;
  int subject_ = 0;
  int insn_ = 0;
};

using Matchers = std::vector<std::unique_ptr<Matcher>>;

Matchers compiled(const std::vector<CauseRule>& rules) {
  Matchers all;
  for (const CauseRule& rule : rules) all.push_back(std::make_unique<Matcher>(rule));
  return all;
}

std::optional<Match> first_match(const Matchers& rules, std::string_view errno_name,
                                 std::string_view line) {
  for (const std::unique_ptr<Matcher>& rule : rules) {
    if (std::optional<Match> found = rule->match(errno_name, line)) return found;
  }
  return std::nullopt;
}

std::optional<Match> match_verdict(std::string_view errno_name, std::string_view line) {
  static const Matchers rules = compiled(verdict_rules());
  return first_match(rules, errno_name, line);
}

std::optional<Match> match_message(std::string_view errno_name, std::string_view line) {
  static const Matchers rules = compiled(message_rules());
  return first_match(rules, errno_name, line);
}

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

void accept(const Match& match, Judgement& judgement) {
  judgement.cause = match.cause;
  judgement.subject = match.subject;
  if (match.instruction) judgement.instruction = match.instruction;
}

/// Two wordings have one meaning only together with what the object holds.
void refine_by_object(const RefusalFacts& facts, Judgement& judgement) {
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
  const std::optional<Match> match = match_verdict(refusal.errno_name, end.verdict);
  if (!match) return true;
  accept(*match, judgement);
  // The line names another instruction than the one whose source line was printed last.
  if (judgement.instruction != end.instruction) judgement.source.reset();
  refine_by_object(refusal.facts, judgement);
  if (!has_a_place(judgement.cause)) {
    judgement.instruction.reset();
    judgement.source.reset();
  }
  return true;
}

bool judge_by_message(const Refusal& refusal, Judgement& judgement) {
  for (const std::string_view line : message_lines(refusal.message)) {
    const std::optional<Match> match = match_message(refusal.errno_name, line);
    if (!match) continue;
    accept(*match, judgement);
    judgement.lines = {std::string(line)};
    return true;
  }
  return false;
}

/// EPERM means, in this order: a limit on locked memory, a missing capability, lockdown.
Cause permission_cause(const RefusalFacts& facts) {
  if (!facts.memlock_limited) return Cause::unknown;
  if (*facts.memlock_limited) return Cause::memlock;
  return facts.locked_down.value_or(false) ? Cause::lockdown : Cause::capability;
}

Cause map_cause(const Refusal& refusal) {
  if (refusal.errno_name == "EINVAL" && refusal.facts.type_known == false) {
    return Cause::map_type_unknown;
  }
  return Cause::map_create_failed;
}

Cause load_cause(const Refusal& refusal) {
  const RefusalFacts& facts = refusal.facts;
  if (refusal.errno_name == "EINVAL" && facts.type_known == false) {
    return Cause::program_type_unknown;
  }
  // Without a log, E2BIG was said before verification: of the program's length, or of an attribute.
  if (refusal.errno_name == "E2BIG" && facts.instructions && read_log_end(refusal.log).silent) {
    return *facts.instructions > kShortestLimit ? Cause::program_too_long
                                                : Cause::attribute_too_new;
  }
  return Cause::unknown;
}

Cause attach_cause(std::string_view errno_name) {
  if (errno_name == "ENOENT" || errno_name == "ESRCH") return Cause::attach_target_missing;
  if (errno_name == "EBUSY" || errno_name == "EEXIST") return Cause::attach_busy;
  if (errno_name == "EOPNOTSUPP") return Cause::attach_type_unknown;
  return Cause::attach_refused;
}

Cause cause_by_errno(const Refusal& refusal) {
  if (refusal.stage == Stage::open || refusal.stage == Stage::relocate) {
    return Cause::loader_refused;
  }
  if (refusal.errno_name == "EPERM") return permission_cause(refusal.facts);
  if (refusal.errno_name == "ENOMEM") return Cause::out_of_memory;
  if (refusal.errno_name == "ENOTSUPP") return Cause::enotsupp_arch;
  switch (refusal.stage) {
    case Stage::map:
      return map_cause(refusal);
    case Stage::load:
      return load_cause(refusal);
    case Stage::attach:
      return attach_cause(refusal.errno_name);
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

RefusalFacts facts_of(const Outcome& outcome) {
  // libbpf names the maps of global data after their sections; other names have no dot.
  const bool global_data =
      std::any_of(outcome.maps.begin(), outcome.maps.end(),
                  [](const MapOutcome& map) { return map.name.find('.') != std::string::npos; });
  RefusalFacts facts;
  if (!outcome.maps.empty()) facts.global_data = global_data;
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

std::optional<Judgement> judge_program(const Outcome& outcome, const ProgramOutcome& program) {
  if (refused(outcome.open)) return classify(refusal_of(Stage::open, outcome.open, "", outcome));
  if (refused(outcome.relocation.stage)) {
    return classify(refusal_of(Stage::relocate, outcome.relocation.stage, "", outcome));
  }
  if (refused(program.load.stage)) {
    Refusal refusal = refusal_of(Stage::load, program.load.stage, program.name, outcome);
    refusal.log = program.load.log_tail;
    Judgement judgement = classify(refusal);
    name_poison(program, judgement);
    return judgement;
  }
  if (refused(program.attach.stage)) {
    return classify(refusal_of(Stage::attach, program.attach.stage, program.attach.asked, outcome));
  }
  if (program.load.stage.result != StageResult::not_tried) return std::nullopt;
  for (const MapOutcome& map : outcome.maps) {
    if (refused(map.stage)) return classify(refusal_of(Stage::map, map.stage, map.name, outcome));
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
