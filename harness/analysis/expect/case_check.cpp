#include "analysis/expect/case_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/causes/cause.h"
#include "matrix/condition_space.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kObservedPrefix = "observed.";

/// Something that rules decide for: a program, and where it is.
struct CheckedSubject {
  std::string name{};
  std::vector<std::string> archs{};
};

std::vector<std::string> words_of(const std::vector<Arch>& archs) {
  std::vector<std::string> words;
  for (const Arch arch : archs) words.emplace_back(to_string(arch));
  return words;
}

/// As conditions mean btf: the kernel's own may turn out not to be there.
std::vector<std::string> btf_words(const CaseSpec& spec) {
  std::set<std::string> words;
  for (const BtfSource source : spec.btf) words.emplace(to_string(source));
  if (words.contains("kernel")) words.insert("none");
  return {words.begin(), words.end()};
}

bool is_feature(std::string_view name, const Features& features) {
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos)
    return features.find(FeatureKind::helper, name.substr(dot + 1)) != nullptr;
  return std::any_of(features.all().begin(), features.all().end(),
                     [&](const Feature& feature) { return feature.name == name; });
}

bool is_cause(const std::string& name) {
  return name == kNone || parse_cause(name).value_or(Cause::unknown) != Cause::unknown;
}

class Checker {
 public:
  Checker(const CaseSpec& spec, const Features& features, const ContentsByArch& contents)
      : spec_(spec), features_(features), contents_(contents) {
    find_subjects();
  }

  std::vector<CaseProblem> run() {
    if (spec_.expect.empty()) {
      add(std::nullopt, "it has no expectation",
          "add \"expect\"; 'run --update-expectations' writes it from a run");
      return problems_;
    }
    check_coverage();
    for (std::size_t i = 0; i < spec_.expect.size(); ++i) {
      check_words(i);
      if (names_a_program(i)) check_decides(i);
      check_observed(i);
    }
    return problems_;
  }

 private:
  void add(std::optional<std::size_t> rule, std::string problem, std::string what_to_do) {
    problems_.push_back({rule, std::move(problem), std::move(what_to_do)});
  }

  /// The object's programs; where they are not known, those that the rules name.
  void find_subjects() {
    std::map<std::string, std::vector<std::string>> archs;
    for (const auto& [arch, contents] : contents_) {
      for (const std::string& program : contents.programs)
        archs[program].emplace_back(to_string(arch));
    }
    for (auto& [name, on] : archs) subjects_.push_back({name, std::move(on)});
    if (!contents_.empty()) return;
    std::set<std::string> globs;
    for (const ExpectationRule& rule : spec_.expect) globs.insert(rule.program);
    for (const std::string& glob : globs) subjects_.push_back({glob, words_of(spec_.archs)});
  }

  bool is_for(std::size_t rule, const CheckedSubject& subject) const {
    return glob_match(spec_.expect[rule].program, subject.name);
  }

  /// Conditions of the first `count` rules that are for this subject.
  std::vector<Condition> conditions_before(std::size_t count, const CheckedSubject& subject) const {
    std::vector<Condition> conditions;
    for (std::size_t i = 0; i < count; ++i) {
      if (is_for(i, subject)) conditions.push_back(spec_.expect[i].when);
    }
    return conditions;
  }

  ConditionSpace space_of(const CheckedSubject& subject) const {
    return {subject.archs, btf_words(spec_), spec_.loaders};
  }

  void check_coverage() {
    for (const CheckedSubject& subject : subjects_) {
      const SpaceAnswer gap =
          can_hold(Condition(), conditions_before(spec_.expect.size(), subject), space_of(subject));
      if (gap.answer == Ternary::no) continue;
      if (gap.answer == Ternary::unknown) {
        add_too_much(std::nullopt);
      } else {
        add(std::nullopt,
            fmt::format("program '{}' has no rule where {}", subject.name, gap.example),
            "add a rule without 'when' for it at the end");
      }
    }
  }

  void add_too_much(std::optional<std::size_t> rule) {
    add(rule, "its conditions use too many different facts to be checked",
        "use fewer facts, or split the case in two");
  }

  void check_words(std::size_t i) {
    const ExpectationRule& rule = spec_.expect[i];
    if (const auto causes = rule.allowed.find("cause"); causes != rule.allowed.end()) {
      for (const std::string& name : causes->second) {
        if (is_cause(name)) continue;
        add(i, fmt::format("unknown cause '{}'", name),
            "the words are in harness/analysis/causes/cause.h; 'none' if nothing fails");
      }
    }
    ConditionAtoms atoms;
    rule.when.collect(atoms);
    for (const std::string& name : atoms.has) {
      if (is_feature(name, features_)) continue;
      add(i, fmt::format("unknown feature '{}'", name),
          "has() accepts the names in kernels/features.json, and TYPE.HELPER");
    }
  }

  bool names_a_program(std::size_t i) {
    const std::string& glob = spec_.expect[i].program;
    if (glob == "*") return true;
    std::vector<std::string> names;
    for (const CheckedSubject& subject : subjects_) {
      if (is_for(i, subject)) return true;
      names.push_back(subject.name);
    }
    add(i, fmt::format("no program is called '{}'", glob),
        fmt::format("the object has: {}", fmt::join(names, ", ")));
    return false;
  }

  /// Whether there is a cell in which this rule is the one that decides.
  Ternary decides(std::size_t i) const {
    std::vector<CheckedSubject> subjects = subjects_;
    // The object itself, where it never comes to programs.
    subjects.push_back({"", words_of(spec_.archs)});
    Ternary decides = Ternary::no;
    for (const CheckedSubject& subject : subjects) {
      if (!is_for(i, subject)) continue;
      const SpaceAnswer answer =
          can_hold(spec_.expect[i].when, conditions_before(i, subject), space_of(subject));
      decides = decides || answer.answer;
      if (decides == Ternary::yes) break;
    }
    return decides;
  }

  void check_decides(std::size_t i) {
    const Condition& when = spec_.expect[i].when;
    switch (decides(i)) {
      case Ternary::yes:
        return;
      case Ternary::unknown:
        return add_too_much(i);
      case Ternary::no:
        break;
    }
    if (can_hold(when, {}, whole_space(when)).answer == Ternary::no) {
      return add(i, fmt::format("'{}' can never hold", when.text()),
                 "correct its condition, or remove it");
    }
    if (can_hold(when, {}, space_of({"", words_of(spec_.archs)})).answer == Ternary::no) {
      return add(
          i, fmt::format("'{}' holds for no cell of this case", when.text()),
          fmt::format("it runs with arch {}, btf {}, loader {}",
                      fmt::join(words_of(spec_.archs), " or "), fmt::join(btf_words(spec_), " or "),
                      fmt::join(spec_.loaders, " or ")));
    }
    add(i, "never decides: an earlier rule always decides first",
        "move it before the more general rule, or remove it");
  }

  /// Everything the condition could be about, whatever this case is for.
  ConditionSpace whole_space(const Condition& when) const {
    ConditionAtoms atoms;
    when.collect(atoms);
    std::set<std::string> loaders = atoms.loaders;
    loaders.insert(spec_.loaders.begin(), spec_.loaders.end());
    return {{"x86_64", "aarch64"},
            {"kernel", "embedded", "both", "none"},
            {loaders.begin(), loaders.end()}};
  }

  void check_observed(std::size_t i) {
    if (contents_.empty()) return;
    std::set<std::string> names;
    for (const auto& [arch, contents] : contents_)
      names.insert(contents.observed.begin(), contents.observed.end());
    for (const auto& [field, words] : spec_.expect[i].allowed) {
      if (!field.starts_with(kObservedPrefix)) continue;
      const std::string name = field.substr(kObservedPrefix.size());
      if (names.contains(name)) continue;
      add(i, fmt::format("no observed value is called '{}'", name),
          names.empty() ? "the object has no struct 'observed'"
                        : fmt::format("the object has: {}", fmt::join(names, ", ")));
    }
  }

  const CaseSpec& spec_;
  const Features& features_;
  const ContentsByArch& contents_;
  std::vector<CheckedSubject> subjects_{};
  std::vector<CaseProblem> problems_{};
};

}  // namespace

std::vector<CaseProblem> check_case(const CaseSpec& spec, const Features& features,
                                    const ContentsByArch& contents) {
  return Checker(spec, features, contents).run();
}

}  // namespace bpfmatrix
