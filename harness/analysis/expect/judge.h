// Holds an outcome against what its case expects. Pure: an old outcome can be judged again by new
// rules. What is not known is `unsure` and never passes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/causes/features.h"
#include "base/words.h"
#include "matrix/expectation.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// judge() gives the first two and the last two; what became of a cell since a baseline,
/// judge_all().
enum class Verdict {
  as_expected,
  unexpected,
  regressed,
  fixed,
  changed,
  added,
  gone,
  unsure,
  unavailable,
};
inline constexpr Word<Verdict> kVerdictWords[] = {
    {Verdict::as_expected, "as_expected"},
    {Verdict::unexpected, "unexpected"},
    {Verdict::regressed, "regressed", "worse than in the baseline"},
    {Verdict::fixed, "fixed", "better than in the baseline"},
    {Verdict::changed, "changed", "as good as in the baseline, and not the same"},
    {Verdict::added, "new", "the baseline does not have it"},
    {Verdict::gone, "gone", "the baseline has it, and this run did not plan it"},
    {Verdict::unsure, "unsure",
     "there is no rule, or whether it holds or is met could not be found out"},
    {Verdict::unavailable, "unavailable", "the kernel is unavailable: there is nothing to judge"},
};
constexpr const auto& words_of(Verdict) { return kVerdictWords; }

/// One field that is not as its rule wants it.
struct Mismatch {
  /// Empty: the object, which never came to programs.
  std::string program{};
  std::string field{};
  std::vector<std::string> wanted{};
  std::string got{};
  /// The rule's own reason.
  std::string because{};
};

/// "load: wanted ok or not_reached, got failed".
std::string text_of(const Mismatch& mismatch);

/// Why something could not be judged: "no expectation", "cannot tell whether 'has(bpf_loop)'
/// holds".
struct Doubt {
  std::string program{};
  std::string reason{};
};

struct CellVerdict {
  Verdict verdict = Verdict::unsure;
  std::vector<Mismatch> mismatches{};
  std::vector<Doubt> doubts{};
};

/// For each program the first rule that names it and holds decides. One mismatch makes the cell
/// unexpected, whatever else is not known.
/// Of each group of `one_of`, one program has to serve: be loaded, and attached if it was to be.
/// What became of the others is then as it may be; where none does, the cell is unexpected. Of a
/// program that user space leaves out nothing is expected. A cell whose modules or settings could
/// not be had is as expected nowhere: it is not what was asked for.
CellVerdict judge(const Outcome& outcome, const Expectations& expectations,
                  const ConditionFacts& facts, const KernelFacts* kernel = nullptr);

/// The first program of the group that serves; nullptr: none.
const ProgramOutcome* serving(const OneOf& group, const Outcome& outcome);

/// The rule that decides for a program, or with "" for an object that never came to programs;
/// nullptr and the reason if there is none, or if it is not known.
struct Choice {
  const ExpectationRule* rule = nullptr;
  std::string doubt{};
};
Choice choose_rule(const std::vector<ExpectationRule>& rules, std::string_view program,
                   const ConditionFacts& facts);

/// The word that the outcome has for a field of a rule; `program` may be nullptr for an object
/// that never came to programs, `kernel` where nothing is known of it. Nothing: it is not known.
std::optional<std::string> outcome_word(std::string_view field, const Outcome& outcome,
                                        const ProgramOutcome* program,
                                        const KernelFacts* kernel = nullptr);

/// What the outcome itself tells a condition; has(), config() and symbol() are answered by what is
/// known of its kernel. `kernel` and `features` may be nullptr, and outlive the facts.
ConditionFacts condition_facts(const Outcome& outcome, const KernelFacts* kernel = nullptr,
                               const Features* features = nullptr);

/// Beside what `facts` has: the answers of has(), config() and symbol().
ConditionFacts with_kernel_facts(ConditionFacts facts, const KernelFacts* kernel,
                                 const Features* features);

}  // namespace bpfmatrix
