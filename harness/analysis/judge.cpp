#include "analysis/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/classify.h"
#include "base/ids.h"
#include "base/kernel_version.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kNoCause = "none";

using Words = std::vector<std::string>;
/// What can be expected of: a program, or the object where none was ever known (nullptr).
using Subject = const ProgramOutcome*;
using Word = std::optional<std::string>;

bool is_refused(const StageOutcome& stage) { return stage.result == StageResult::refused; }

std::string word(const StageOutcome& stage, std::string_view ok) {
  switch (stage.result) {
    case StageResult::ok:
      return std::string(ok);
    case StageResult::refused:
      return "refused";
    case StageResult::not_tried:
      return "not_tried";
  }
  return "not_tried";
}

Word end_word(const Outcome& outcome, Subject) { return std::string(to_string(outcome.end)); }

Word open_word(const Outcome& outcome, Subject) { return word(outcome.open, "opened"); }

Word command_word(const Outcome& outcome, Subject) {
  if (!outcome.command) return "not_tried";
  return outcome.command->failed() ? "failed" : "ended";
}

Word relocate_word(const Outcome& outcome, Subject) {
  return word(outcome.relocation.stage, "applied");
}

Word maps_word(const Outcome& outcome, Subject) {
  if (outcome.maps.empty()) return "not_tried";
  const bool refused = std::any_of(outcome.maps.begin(), outcome.maps.end(),
                                   [](const MapOutcome& map) { return is_refused(map.stage); });
  return refused ? "refused" : "created";
}

/// What the stages of a program say of an object without programs: nothing, unless it was refused.
Word without_program(const Outcome& outcome) {
  return is_refused(outcome.open) ? Word("not_tried") : std::nullopt;
}

Word load_word(const Outcome& outcome, Subject program) {
  return program != nullptr ? word(program->load.stage, "accepted") : without_program(outcome);
}

Word attach_word(const Outcome& outcome, Subject program) {
  return program != nullptr ? word(program->attach.stage, "attached") : without_program(outcome);
}

Word cause_word(const Outcome& outcome, Subject program) {
  const std::optional<Judgement> judgement =
      judge_program(outcome, program != nullptr ? *program : ProgramOutcome{});
  if (!judgement) return std::string(kNoCause);
  if (judgement->cause == Cause::unknown) return std::nullopt;
  return std::string(to_string(judgement->cause));
}

/// How a field of a rule is read from an outcome. A field that is not here cannot be told.
struct FieldReader {
  std::string_view field;
  Word (*read)(const Outcome&, Subject);
};
constexpr FieldReader kReaders[] = {
    {"end", end_word},     {"open", open_word},         {"command", command_word},
    {"maps", maps_word},   {"relocate", relocate_word}, {"load", load_word},
    {"cause", cause_word}, {"attach", attach_word},
};

Word read_field(std::string_view field, const Outcome& outcome, Subject program) {
  for (const FieldReader& reader : kReaders) {
    if (reader.field == field) return reader.read(outcome, program);
  }
  return std::nullopt;
}

bool contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The rule that decides for a program; nothing and a reason where it cannot be told which.
struct Choice {
  const ExpectationRule* rule = nullptr;
  std::string doubt{};
};

Choice choose_rule(const std::vector<ExpectationRule>& rules, std::string_view name,
                   const ConditionFacts& facts) {
  for (const ExpectationRule& rule : rules) {
    if (!glob_match(rule.program, name)) continue;
    switch (rule.when.holds(facts)) {
      case Truth::yes:
        return {&rule};
      case Truth::no:
        break;
      case Truth::unknown:
        return {nullptr, fmt::format("cannot tell whether '{}' holds", rule.when.text())};
    }
  }
  return {nullptr, "no expectation"};
}

/// The machine ended otherwise than expected: whatever the record says beside, it is cut short.
void judge_end(const Outcome& outcome, const std::string& name, const Words& wanted,
               const ExpectationRule& rule, CellVerdict& verdict) {
  const std::string got(to_string(outcome.end));
  switch (outcome.end) {
    case End::completed:
    case End::panicked:
      verdict.mismatches.push_back({name, "end", wanted, got, rule.because});
      break;
    case End::hung:
    case End::lost:
    case End::unavailable:
      verdict.doubts.push_back({name, fmt::format("{}: {}", got, outcome.end_reason)});
      break;
  }
}

void judge_subject(const Outcome& outcome, Subject program,
                   const std::vector<ExpectationRule>& rules, const ConditionFacts& facts,
                   CellVerdict& verdict) {
  const std::string name = program != nullptr ? program->name : "";
  const Choice choice = choose_rule(rules, name, facts);
  if (choice.rule == nullptr) return verdict.doubts.push_back({name, choice.doubt});

  const ExpectationRule& rule = *choice.rule;
  const auto end = rule.allowed.find("end");
  const Words ends = end != rule.allowed.end() ? end->second : Words{"completed"};
  if (!contains(ends, to_string(outcome.end))) {
    return judge_end(outcome, name, ends, rule, verdict);
  }
  for (const auto& [field, wanted] : rule.allowed) {
    const Word got = read_field(field, outcome, program);
    if (!got) verdict.doubts.push_back({name, fmt::format("cannot tell '{}'", field)});
    if (got && !contains(wanted, *got)) {
      verdict.mismatches.push_back({name, field, wanted, *got, rule.because});
    }
  }
}

Verdict summary(const CellVerdict& verdict, End end) {
  if (!verdict.mismatches.empty()) return Verdict::unexpected;
  if (verdict.doubts.empty()) return Verdict::as_expected;
  return end == End::unavailable ? Verdict::unavailable : Verdict::unsure;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::as_expected:
      return "as_expected";
    case Verdict::unexpected:
      return "unexpected";
    case Verdict::unsure:
      return "unsure";
    case Verdict::unavailable:
      return "unavailable";
  }
  return "";
}

std::optional<Verdict> parse_verdict(std::string_view text) {
  for (const Verdict verdict : kVerdicts) {
    if (to_string(verdict) == text) return verdict;
  }
  return std::nullopt;
}

CellVerdict judge(const Outcome& outcome, const std::vector<ExpectationRule>& rules,
                  const ConditionFacts& facts) {
  CellVerdict verdict;
  for (const ProgramOutcome& program : outcome.programs) {
    judge_subject(outcome, &program, rules, facts, verdict);
  }
  if (outcome.programs.empty()) judge_subject(outcome, nullptr, rules, facts, verdict);
  verdict.verdict = summary(verdict, outcome.end);
  return verdict;
}

ConditionFacts condition_facts(const Outcome& outcome) {
  ConditionFacts facts;
  facts.kernel = parse_kernel_version(outcome.kernel.release);
  facts.arch = outcome.kernel.arch;
  facts.btf = outcome.btf_source;
  if (facts.btf == "kernel" && !outcome.kernel.btf_present) facts.btf = "none";
  facts.loader = outcome.loader;
  return facts;
}

}  // namespace bpfmatrix
