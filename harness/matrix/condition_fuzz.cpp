// Any bytes as conditions, a line each, and the flags of a compiler.
#include "base/testing/fuzz_target.h"
#include "base/text.h"
#include "matrix/compiler_flags.h"
#include "matrix/condition_space.h"

namespace bpfmatrix {
namespace {

const ConditionSpace kSpace{{"x86_64", "aarch64"}, {"kernel", "none"}, {"libbpf"}};

void try_condition(const Condition& condition) {
  const Result<Condition> again = Condition::parse(condition.text());
  require(again && again->text() == condition.text(), "a condition is read as it was written");
  ConditionFacts facts;
  (void)condition.holds(facts);
  facts.kernel = KernelVersion{5, 10, 7};
  facts.arch = "x86_64";
  facts.btf = "kernel";
  facts.loader = "libbpf";
  facts.has = facts.config = facts.symbol = [](const std::string& name) {
    return name.size() % 2 == 0 ? Ternary::yes : Ternary::no;
  };
  require(condition.holds(facts) == again->holds(facts),
          "equal conditions hold where the other does");
  require(condition.holds(facts) != Ternary::unknown, "where all is known, so is the answer");
}

void try_conditions(std::string_view bytes) {
  std::vector<Condition> all;
  for (const std::string_view line : split(bytes, '\n')) {
    const Result<Condition> condition = Condition::parse(line);
    if (!condition) continue;
    try_condition(*condition);
    all.push_back(*condition);
    if (all.size() == 4) break;
  }
  if (all.empty()) return;
  require(can_hold(all.front(), all, kSpace).answer != Ternary::yes,
          "nothing is left for a rule that stands twice");
}

void try_flags(std::string_view bytes) {
  std::vector<std::string> flags;
  for (const std::string_view line : split(bytes, '\n')) flags.emplace_back(line);
  const auto allowed = compiler_flags(flags, "/case", "/case");
  if (!allowed) return require(!allowed.error().message.empty(), "a refusal says why");
  for (const std::string& flag : *allowed) {
    require(flag.starts_with("-") && !flag.starts_with("-fplugin"),
            "a flag is one that is allowed");
  }
}

void try_text(std::string_view bytes) {
  try_conditions(bytes);
  try_flags(bytes);
}

const FuzzTarget target("condition", try_text);

}  // namespace
}  // namespace bpfmatrix
