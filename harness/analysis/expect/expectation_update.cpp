#include "analysis/expect/expectation_update.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/expect/judge.h"
#include "analysis/expect/split_condition.h"
#include "base/ids.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxRules = 64;
constexpr std::size_t kMaxKernelsNamed = 4;

using FieldWords = std::map<std::string, std::string>;

/// What is expected of a program that nothing was expected of.
const std::vector<std::string> kUsualFields{"end",    "open",  "relocate",  "load",
                                            "attach", "fired", "arguments", "observed"};

/// One program of one outcome, or the object that never came to programs.
struct Sample {
  const Outcome* outcome = nullptr;
  const ProgramOutcome* program = nullptr;
  std::string name{};
  ConditionFacts facts{};
};
using Samples = std::vector<const Sample*>;

bool is_told(const Outcome& outcome) {
  return outcome.end == End::completed || outcome.end == End::panicked;
}

std::vector<Sample> samples_of(const std::vector<Outcome>& outcomes) {
  std::vector<Sample> samples;
  for (const Outcome& outcome : outcomes) {
    if (!is_told(outcome)) continue;
    const ConditionFacts facts = condition_facts(outcome);
    for (const ProgramOutcome& program : outcome.programs)
      samples.push_back({&outcome, &program, program.name, facts});
    if (outcome.programs.empty()) samples.push_back({&outcome, nullptr, "", facts});
  }
  return samples;
}

std::optional<std::string> word(const Sample& sample, std::string_view field) {
  return outcome_word(field, *sample.outcome, sample.program);
}

std::vector<std::string> fields_of(const ExpectationRule* rule) {
  if (rule == nullptr) return kUsualFields;
  std::vector<std::string> fields;
  for (const auto& [field, words] : rule->allowed) fields.push_back(field);
  return fields;
}

bool asks_for(const ExpectationRule* rule, const std::string& field) {
  return rule != nullptr && rule->allowed.contains(field);
}

/// Leaves out what goes without saying, unless the old rule said it.
void shorten(FieldWords& words, const ExpectationRule* rule) {
  const auto drop = [&](const std::string& field, std::string_view word) {
    const auto found = words.find(field);
    if (found != words.end() && found->second == word && words.size() > 1) words.erase(found);
  };
  const auto drop_unasked = [&](const std::string& field, std::string_view word) {
    if (!asks_for(rule, field)) drop(field, word);
  };
  drop("cause", "none");
  if (words.contains("load") && words["load"] != "ok") drop("attach", "not_reached");
  drop_unasked("end", "completed");
  drop_unasked("open", "ok");
  drop_unasked("relocate", "ok");
  drop_unasked("arguments", "unknown");
  for (const char* field : {"fired", "observed"}) {
    drop_unasked(field, "not_reached");
    drop_unasked(field, "absent");
  }
}

/// What a rule in place of `rule` would say of this sample. Nothing: there is nothing that can be
/// told, or a failure whose cause cannot.
std::optional<FieldWords> words_for(const Sample& sample, const ExpectationRule* rule) {
  if (sample.outcome->end == End::panicked) return FieldWords{{"end", "panicked"}};
  FieldWords words;
  for (const std::string& field : fields_of(rule)) {
    if (const auto got = word(sample, field)) words[field] = *got;
  }
  // A failure is written with the stage and the cause, whatever the old rule had.
  for (const char* stage : {"open", "relocate", "load", "attach"}) {
    if (word(sample, stage) != "failed") continue;
    const auto cause = word(sample, "cause");
    if (!cause) return std::nullopt;
    words[stage] = "failed";
    words["cause"] = *cause;
  }
  if (words.empty()) return std::nullopt;
  shorten(words, rule);
  return words;
}

/// Whether the rule, which decides for this sample, has no complaint; unknown where it has only
/// doubts.
Ternary meets(const Sample& sample, const ExpectationRule& rule) {
  Outcome one = *sample.outcome;
  if (sample.program != nullptr) one.programs = {*sample.program};
  const CellVerdict verdict = judge(one, std::vector{rule}, sample.facts);
  if (!verdict.mismatches.empty()) return Ternary::no;
  return verdict.doubts.empty() ? Ternary::yes : Ternary::unknown;
}

/// Samples with the same result.
struct Group {
  FieldWords words{};
  Samples samples{};
};

std::vector<ConditionFacts> facts_of(const Samples& samples) {
  std::vector<ConditionFacts> facts;
  for (const Sample* sample : samples) facts.push_back(sample->facts);
  return facts;
}

/// "observed on debian-5.10-x86_64, debian-6.1-x86_64 and 2 more"
std::string observed_on(const Samples& samples) {
  std::vector<std::string> kernels;
  for (const Sample* sample : samples) {
    const std::string& id = sample->outcome->kernel.id;
    if (std::find(kernels.begin(), kernels.end(), id) == kernels.end()) kernels.push_back(id);
  }
  const std::size_t named = std::min(kernels.size(), kMaxKernelsNamed);
  std::string text = fmt::format(
      "observed on {}",
      fmt::join(kernels.begin(), kernels.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  if (kernels.size() > named) text += fmt::format(" and {} more", kernels.size() - named);
  return text;
}

std::string bracketed(const std::string& condition) {
  return condition.find(" or ") == std::string::npos ? condition : "(" + condition + ")";
}

/// Both have to hold.
Condition both(const Condition& base, const std::string& more) {
  if (more == "always") return base;
  const std::string text =
      base.text() == "always" ? more : bracketed(base.text()) + " and " + bracketed(more);
  Result<Condition> condition = Condition::parse(text);
  return condition ? *std::move(condition) : base;
}

/// Mends the place where a rule decides wrongly, or no rule decides.
class Mend {
 public:
  /// `rule` is nullptr where none decides. `met` and `missed` are all samples that it decides.
  Mend(const ExpectationRule* rule, Samples met, const Samples& missed)
      : rule_(rule), met_(std::move(met)) {
    for (const Sample* sample : missed) {
      const auto words = words_for(*sample, rule);
      if (words) add_to_group(*words, sample);
    }
  }

  /// The rules to put before the old one, or in its place if no sample met it. Empty:
  /// nothing was conclusive.
  std::vector<ExpectationRule> run() {
    split(rule_ != nullptr ? rule_->program : "*", std::move(groups_), met_);
    return std::move(rules_);
  }

 private:
  void add_to_group(const FieldWords& words, const Sample* sample) {
    const auto same = std::find_if(groups_.begin(), groups_.end(),
                                   [&](const Group& one) { return one.words == words; });
    if (same != groups_.end()) return same->samples.push_back(sample);
    groups_.push_back({words, {sample}});
  }

  /// A rule for each group that a condition tells apart from the others and from what is as
  /// expected; for the rest, program by program.
  void split(const std::string& program, std::vector<Group> groups, const Samples& met) {
    while (!groups.empty()) {
      const auto [best, condition] = most_simply_told(groups, met);
      if (!condition) break;
      emit(program, *condition, {*best});
      groups.erase(best);
    }
    if (groups.empty()) return;
    const std::set<std::string> names = names_in(groups, met);
    if (names.size() > 1) return split_by_program(names, groups, met);
    emit(program, "always", groups, met);
  }

  using Best = std::pair<std::vector<Group>::const_iterator, std::optional<std::string>>;

  static Best most_simply_told(const std::vector<Group>& groups, const Samples& met) {
    Best best{groups.end(), std::nullopt};
    for (auto group = groups.begin(); group != groups.end(); ++group) {
      Samples others = met;
      for (const Group& other : groups) {
        if (&other != &*group)
          others.insert(others.end(), other.samples.begin(), other.samples.end());
      }
      auto condition = split_condition(facts_of(group->samples), facts_of(others));
      if (condition && (!best.second || condition->size() < best.second->size()))
        best = {group, std::move(condition)};
    }
    return best;
  }

  static std::set<std::string> names_in(const std::vector<Group>& groups, const Samples& met) {
    std::set<std::string> names;
    for (const Group& group : groups) {
      for (const Sample* sample : group.samples) names.insert(sample->name);
    }
    for (const Sample* sample : met) names.insert(sample->name);
    return names;
  }

  static Samples only(const std::string& name, const Samples& samples) {
    Samples some;
    std::copy_if(samples.begin(), samples.end(), std::back_inserter(some),
                 [&](const Sample* sample) { return sample->name == name; });
    return some;
  }

  static Samples named_ones(const std::vector<Group>& groups, const Samples& met) {
    Samples named = met;
    for (const Group& group : groups)
      named.insert(named.end(), group.samples.begin(), group.samples.end());
    std::erase_if(named, [](const Sample* sample) { return sample->name.empty(); });
    return named;
  }

  void split_by_program(const std::set<std::string>& names, const std::vector<Group>& groups,
                        const Samples& met) {
    // The object itself has no name: only a rule for all is for it. It comes last, and must hold
    // for none of the programs.
    std::vector<std::string> order(names.begin(), names.end());
    std::rotate(
        order.begin(),
        std::find_if(order.begin(), order.end(), [](const auto& name) { return !name.empty(); }),
        order.end());
    for (const std::string& name : order) {
      std::vector<Group> some;
      for (const Group& group : groups) {
        if (Samples own = only(name, group.samples); !own.empty())
          some.push_back({group.words, std::move(own)});
      }
      if (some.empty()) continue;
      if (!name.empty()) split(name, std::move(some), only(name, met));
      if (name.empty()) split("*", std::move(some), named_ones(groups, met));
    }
  }

  /// Groups that nothing tells apart share a rule that allows for each of them, and for what was as
  /// expected.
  void emit(const std::string& program, const std::string& condition,
            const std::vector<Group>& groups, const Samples& met = {}) {
    ExpectationRule rule;
    rule.program = program;
    rule.when = both(rule_ != nullptr ? rule_->when : Condition(), condition);
    Samples samples = met;
    for (const Group& group : groups) {
      samples.insert(samples.end(), group.samples.begin(), group.samples.end());
      for (const auto& [field, word] : group.words) allow(rule, field, word);
    }
    for (auto& [field, words] : rule.allowed) {
      for (const Sample* sample : samples) {
        if (const auto got = word(*sample, field)) allow(rule, field, *got);
      }
    }
    rule.because = observed_on(samples);
    rules_.push_back(std::move(rule));
  }

  static void allow(ExpectationRule& rule, const std::string& field, const std::string& word) {
    std::vector<std::string>& words = rule.allowed[field];
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }

  const ExpectationRule* rule_;
  Samples met_;
  std::vector<Group> groups_{};
  std::vector<ExpectationRule> rules_{};
};

class Updater {
 public:
  Updater(const std::vector<ExpectationRule>& old, const std::vector<Sample>& samples)
      : samples_(samples) {
    for (std::size_t i = 0; i < old.size(); ++i) rules_.push_back({old[i], i});
  }

  Result<std::vector<UpdatedRule>> run() {
    // Each place is mended once: what was put before it is met by all that it decides.
    for (std::size_t at = 0; at <= rules_.size(); ++at) at += mend(at);
    if (rules_.size() > kMaxRules) return Error{"this needs more rules than a case may have"};
    return rules_;
  }

 private:
  std::vector<ExpectationRule> plain() const {
    std::vector<ExpectationRule> rules;
    for (const UpdatedRule& one : rules_) rules.push_back(one.rule);
    return rules;
  }

  /// The samples for which the rule at `at` decides; at the end, those that have no rule.
  Samples decided_at(std::size_t at) const {
    const std::vector<ExpectationRule> rules = plain();
    Samples decided;
    for (const Sample& sample : samples_) {
      const Choice choice = choose_rule(rules, sample.name, sample.facts);
      const bool here = at < rules.size() ? choice.rule == &rules[at]
                                          : choice.rule == nullptr && none_may_hold(rules, sample);
      if (here) decided.push_back(&sample);
    }
    return decided;
  }

  /// As opposed to: it is not known whether one holds.
  static bool none_may_hold(const std::vector<ExpectationRule>& rules, const Sample& sample) {
    return std::all_of(rules.begin(), rules.end(), [&](const ExpectationRule& rule) {
      return !glob_match(rule.program, sample.name) || rule.when.holds(sample.facts) == Ternary::no;
    });
  }

  /// How many rules longer the list is now before the place after `at`.
  std::size_t mend(std::size_t at) {
    const ExpectationRule* rule = at < rules_.size() ? &rules_[at].rule : nullptr;
    Samples met;
    Samples missed;
    for (const Sample* sample : decided_at(at)) {
      const Ternary met_it = rule != nullptr ? meets(*sample, *rule) : Ternary::no;
      if (met_it == Ternary::yes) met.push_back(sample);
      if (met_it == Ternary::no) missed.push_back(sample);
    }
    if (missed.empty()) return 0;
    const std::vector<ExpectationRule> fresh = Mend(rule, met, missed).run();
    const auto place = rules_.begin() + static_cast<std::ptrdiff_t>(at);
    std::vector<UpdatedRule> added;
    for (const ExpectationRule& one : fresh) added.push_back({one, std::nullopt});
    const bool in_its_place =
        rule != nullptr && !fresh.empty() && (met.empty() || covers(fresh, *rule));
    const auto after = in_its_place ? rules_.erase(place) : place;
    rules_.insert(after, added.begin(), added.end());
    return added.size() - (in_its_place ? 1 : 0);
  }

  /// A rule behind one that always holds where it does would never decide.
  static bool covers(const std::vector<ExpectationRule>& fresh, const ExpectationRule& rule) {
    return std::any_of(fresh.begin(), fresh.end(), [&](const ExpectationRule& one) {
      return one.program == rule.program && one.when.text() == rule.when.text();
    });
  }

  const std::vector<Sample>& samples_;
  std::vector<UpdatedRule> rules_{};
};

}  // namespace

Result<ExpectationUpdate> update_expectations(const std::vector<ExpectationRule>& old,
                                              const std::vector<Outcome>& outcomes) {
  const std::vector<Sample> samples = samples_of(outcomes);
  Result<std::vector<UpdatedRule>> updated = Updater(old, samples).run();
  if (!updated) return std::move(updated).error();
  ExpectationUpdate update{*std::move(updated), {}};
  std::vector<ExpectationRule> rules;
  for (const UpdatedRule& one : update.rules) rules.push_back(one.rule);
  for (const Outcome& outcome : outcomes) {
    if (judge(outcome, rules, condition_facts(outcome)).verdict == Verdict::unexpected)
      update.left.push_back(outcome.cell);
  }
  return update;
}

}  // namespace bpfmatrix
