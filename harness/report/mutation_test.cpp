// Whether wrong expectations are noticed: each word that a rule of the suite expects is replaced by
// each other word that could stand there, each condition is negated, and the outcomes measured on
// real kernels are judged anew. Every field that a rule names is included.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/causes/cause.h"
#include "matrix/case_spec.h"
#include "report/measured_test_support.h"
#include "report/verdicts.h"

namespace bpfmatrix {
namespace {

using Rules = std::vector<ExpectationRule>;

/// The words that may stand in a field of a rule.
std::vector<std::string> words_of(const std::string& field) {
  const std::string name = field.substr(0, field.find('.'));
  std::vector<std::string> words;
  for (const ExpectableField& one : expectable_fields()) {
    if (one.name == name) words.assign(one.words.begin(), one.words.end());
  }
  if (name != "cause") return words;
  words.emplace_back("none");
  for (std::size_t i = 0; i < kCauseCount; ++i)
    words.emplace_back(to_string(static_cast<Cause>(i)));
  return words;
}

/// A program for which a rule decides in an outcome that is as expected.
struct Decided {
  const Outcome* outcome = nullptr;
  const ProgramOutcome* program = nullptr;
};

/// One case, and what was measured of it.
class Measured {
 public:
  explicit Measured(const CaseSpec& spec) : spec_(spec), decided_(spec.expect.size()) {
    for (const Outcome& outcome : measured_outcomes()) {
      if (outcome.case_id != spec.id) continue;
      outcomes_.push_back(&outcome);
      if (verdict(outcome, spec.expect) != Verdict::as_expected) continue;
      for (const ProgramOutcome& program : outcome.programs) note(outcome, &program);
      if (outcome.programs.empty()) note(outcome, nullptr);
    }
  }

  const std::vector<Decided>& decided_by(std::size_t rule) const { return decided_[rule]; }

  bool is_noticed(std::size_t rule, const Rules& mutated) const {
    return std::any_of(decided_[rule].begin(), decided_[rule].end(), [&](const Decided& one) {
      return verdict(*one.outcome, mutated) == Verdict::unexpected;
    });
  }

  /// Whether anything is judged otherwise than before.
  bool makes_a_difference(const Rules& mutated) const {
    return std::any_of(outcomes_.begin(), outcomes_.end(), [&](const Outcome* outcome) {
      return verdict(*outcome, mutated) != verdict(*outcome, spec_.expect);
    });
  }

 private:
  static Verdict verdict(const Outcome& outcome, const Rules& rules) {
    return judge(outcome, rules, condition_facts(outcome)).verdict;
  }

  void note(const Outcome& outcome, const ProgramOutcome* program) {
    const std::string name = program != nullptr ? program->name : "";
    const Choice choice = choose_rule(spec_.expect, name, condition_facts(outcome));
    if (choice.rule != nullptr)
      decided_[static_cast<std::size_t>(choice.rule - spec_.expect.data())].push_back(
          {&outcome, program});
  }

  const CaseSpec& spec_;
  std::vector<const Outcome*> outcomes_{};
  std::vector<std::vector<Decided>> decided_;
};

std::vector<CaseSpec> suite() {
  Result<std::vector<CaseSpec>> cases = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
  EXPECT_TRUE(cases) << cases.error().message;
  return cases ? *std::move(cases) : std::vector<CaseSpec>{};
}

TEST(Mutation, every_word_that_is_flipped_is_noticed) {
  std::set<std::string> cases;
  int flips = 0;
  int rules_that_decide = 0;
  int idle_rules = 0;
  for (const CaseSpec& spec : suite()) {
    const Measured measured(spec);
    for (std::size_t i = 0; i < spec.expect.size(); ++i) {
      const bool decides = !measured.decided_by(i).empty();
      ++(decides ? rules_that_decide : idle_rules);
      if (!decides) continue;
      for (const auto& [field, allowed] : spec.expect[i].allowed) {
        for (const std::string& word : words_of(field)) {
          if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) continue;
          Rules mutated = spec.expect;
          mutated[i].allowed[field] = {word};
          ++flips;
          cases.insert(spec.id);
          EXPECT_TRUE(measured.is_noticed(i, mutated))
              << fmt::format("{}: expect[{}]: {}: {}", spec.id, i, field, word);
        }
      }
    }
  }
  // The rules for kernels that were not measured must not be the most.
  EXPECT_LT(idle_rules, rules_that_decide);
  EXPECT_GE(cases.size(), 50U);
  EXPECT_GE(flips, 1000);
}

TEST(Mutation, every_condition_that_is_negated_is_noticed) {
  int negated = 0;
  for (const CaseSpec& spec : suite()) {
    const Measured measured(spec);
    for (std::size_t i = 0; i < spec.expect.size(); ++i) {
      // A rule that always holds is left out by that: where the next one says as much, rightly so.
      const bool conditional = spec.expect[i].when.text() != "always";
      if (!conditional || measured.decided_by(i).empty()) continue;
      Rules mutated = spec.expect;
      mutated[i].when = *Condition::parse(fmt::format("not ({})", spec.expect[i].when.text()));
      ++negated;
      EXPECT_TRUE(measured.makes_a_difference(mutated))
          << fmt::format("{}: expect[{}]: '{}'", spec.id, i, spec.expect[i].when.text());
    }
  }
  EXPECT_GE(negated, 30);
}

}  // namespace
}  // namespace bpfmatrix
