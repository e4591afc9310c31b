#include "cell/observation.h"

#include <algorithm>
#include <array>

#include "base/section_name.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kHits = "hits";
constexpr std::string_view kStandardTrigger = "standard";
constexpr std::array<std::string_view, 3> kArguments = {"fd", "port", "addr"};

struct Name {
  std::string_view base{};
  /// What stands behind the two underscores, if anything.
  std::string_view way{};
};

Name split(std::string_view name) {
  const std::size_t at = name.find("__");
  if (at == std::string_view::npos) return {name, {}};
  return {name.substr(0, at), name.substr(at + 2)};
}

ObservedResult compare(const ObservedValue& value) {
  if (!value.truth) return ObservedResult::untold;
  return value.value == *value.truth ? ObservedResult::right : ObservedResult::wrong;
}

/// Of the values that came this way: none, all right, or not.
struct Way {
  int right = 0;
  int wrong = 0;
  bool holds() const { return right > 0 && wrong == 0; }
  bool told() const { return right + wrong > 0; }
};

Scalar to_scalar(const NamedValues::mapped_type& value) {
  return std::visit([](const auto& inner) { return Scalar(inner); }, value);
}

/// When the trigger was pulled.
bool is_attached(const ProgramOutcome& program) {
  return program.attach.stage.result == StageResult::ok && !program.run.displaced;
}

}  // namespace

Truths truth_of(const Triggered& triggered) {
  Truths truth{triggered.texts.begin(), triggered.texts.end()};
  truth.insert(triggered.numbers.begin(), triggered.numbers.end());
  return truth;
}

std::optional<std::uint64_t> observed_hits(const std::vector<ObservedValue>& values,
                                           std::string_view program) {
  for (const ObservedValue& value : values) {
    const Name name = split(value.name);
    if (name.base != kHits || name.way != program) continue;
    if (const auto* hits = std::get_if<std::int64_t>(&value.value); hits != nullptr && *hits >= 0) {
      return static_cast<std::uint64_t>(*hits);
    }
    if (const auto* hits = std::get_if<std::uint64_t>(&value.value)) return *hits;
  }
  return std::nullopt;
}

void hold_against(const Truths& truth, std::vector<ObservedValue>& values) {
  const bool never_ran = observed_hits(values) == 0U;
  for (ObservedValue& value : values) {
    const std::string_view base = split(value.name).base;
    if (base == kHits) continue;
    const auto told = truth.find(base);
    if (told != truth.end()) value.truth = told->second;
    value.result = never_ran ? ObservedResult::absent : compare(value);
  }
}

ArgumentsSeen arguments_seen(const std::vector<ObservedValue>& values, std::string_view program) {
  Way direct;
  Way wrapped;
  for (const ObservedValue& value : values) {
    const Name name = split(value.name);
    if (std::find(kArguments.begin(), kArguments.end(), name.base) == kArguments.end()) continue;
    if (!program.empty() && name.way != program) continue;
    Way& way = name.way == "wrapped" ? wrapped : direct;
    if (value.result == ObservedResult::right) ++way.right;
    if (value.result == ObservedResult::wrong) ++way.wrong;
  }
  if (direct.holds()) return ArgumentsSeen::direct;
  if (wrapped.holds()) return ArgumentsSeen::wrapped;
  return direct.told() || wrapped.told() ? ArgumentsSeen::wrong : ArgumentsSeen::not_told;
}

bool is_syscall_probe(std::string_view section) {
  const SectionName name = parse_section_name(section);
  if (name.target.empty()) return false;
  if (name.method == "ksyscall" || name.method == "kretsyscall") return true;
  // "kprobe/__x64_sys_connect", "fentry/__sys_connect", "tp/syscalls/sys_enter_connect".
  const std::string_view symbol = name.target.substr(name.target.rfind('/') + 1);
  const std::size_t at = symbol.find("sys_");
  return at != std::string_view::npos && (at == 0 || symbol[at - 1] == '_');
}

void judge_run(const Triggered* triggered, const NamedValues& of_case, Outcome& outcome) {
  Truths truth = triggered != nullptr ? truth_of(*triggered) : Truths();
  for (const auto& [name, value] : of_case) {
    if (triggered != nullptr) truth.emplace(name, to_scalar(value));
  }
  hold_against(truth, outcome.observed);
  if (triggered == nullptr) return;
  outcome.trigger.kind = kStandardTrigger;
  for (const Operation& o : triggered->performed)
    outcome.trigger.performed.push_back({o.name, o.ret});
  // The map is the object's: with several programs it tells only what bears a program's name.
  const bool alone =
      std::count_if(outcome.programs.begin(), outcome.programs.end(), is_attached) == 1;
  for (ProgramOutcome& program : outcome.programs) {
    if (!is_attached(program)) continue;
    program.run.trigger = kStandardTrigger;
    program.run.hits = observed_hits(outcome.observed, program.name);
    if (!program.run.hits && alone) program.run.hits = observed_hits(outcome.observed);
    if (is_syscall_probe(program.section)) {
      program.run.arguments = arguments_seen(outcome.observed, alone ? "" : program.name);
    }
  }
}

}  // namespace bpfmatrix
