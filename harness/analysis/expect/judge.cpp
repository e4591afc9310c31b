#include "analysis/expect/judge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/causes/classify.h"
#include "analysis/causes/feature_check.h"
#include "analysis/run_words.h"
#include "base/ids.h"
#include "base/kernel_version.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kNoCause = "none";
constexpr std::string_view kNoExpectation = "no expectation";
constexpr std::string_view kRelocations = "relocations";
constexpr std::string_view kNoRelocations = "none";

using AllowedWords = std::vector<std::string>;
/// What can be expected of: a program, or the object where none was ever known (nullptr).
using Subject = const ProgramOutcome*;
using MaybeWord = std::optional<std::string>;

std::string word(const StageOutcome& stage) { return std::string(to_string(stage.result)); }

MaybeWord end_word(const Outcome& outcome, Subject) { return std::string(to_string(outcome.end)); }

MaybeWord open_word(const Outcome& outcome, Subject) { return word(outcome.open); }

MaybeWord app_word(const Outcome& outcome, Subject) {
  if (!outcome.app) return "not_reached";
  if (outcome.app->failed()) return "failed";
  if (!outcome.app->own) return "ended";
  const OwnOutcome& own = *outcome.app->own;
  const bool loaded = std::any_of(
      outcome.programs.begin(), outcome.programs.end(),
      [](const ProgramOutcome& program) { return program.load.stage.result == StageResult::ok; });
  if (!loaded) return "loaded_nothing";
  if (own.said_ready == false) return "not_ready";
  return own.output_matched == false ? "wrong_output" : "ended";
}

MaybeWord relocate_word(const Outcome& outcome, Subject) { return word(outcome.relocate.stage); }

MaybeWord maps_word(const Outcome& outcome, Subject) {
  if (outcome.maps.empty()) return "not_reached";
  const bool failed = std::any_of(outcome.maps.begin(), outcome.maps.end(),
                                  [](const MapOutcome& map) { return map.stage.failed(); });
  return std::string(to_string(failed ? StageResult::failed : StageResult::ok));
}

/// What the stages of a program say where there is none: nothing, unless the object could not be
/// opened.
MaybeWord without_program(const Outcome& outcome) {
  return outcome.open.failed() ? MaybeWord("not_reached") : std::nullopt;
}

MaybeWord load_word(const Outcome& outcome, Subject program) {
  if (program == nullptr && has_maps_alone(outcome)) return maps_word(outcome, program);
  if (program == nullptr) return without_program(outcome);
  if (left_untried(outcome, *program)) return "not_tried";
  const bool fell_back = program->load.stage.failed() && did_without(outcome, *program);
  return fell_back ? "did_without" : word(program->load.stage);
}

MaybeWord attach_word(const Outcome& outcome, Subject program) {
  if (program == nullptr && has_maps_alone(outcome)) return "not_reached";
  if (program == nullptr) return without_program(outcome);
  if (left_unattached(outcome, *program)) return "not_attached";
  const bool fell_back = program->attach.stage.failed() && did_without(outcome, *program);
  return fell_back ? "did_without" : word(program->attach.stage);
}

MaybeWord cause_word(const Outcome& outcome, Subject program, const KernelFacts* kernel) {
  const std::optional<Diagnosis> diagnosis =
      diagnose_program(outcome, program != nullptr ? *program : ProgramOutcome{}, kernel);
  if (!diagnosis) return std::string(kNoCause);
  if (diagnosis->cause == Cause::unknown) return std::nullopt;
  return std::string(to_string(diagnosis->cause));
}

/// What only a program comes to, or the object that never came to programs does not.
template <MaybeWord (*word_of)(const Outcome&, const ProgramOutcome&)>
MaybeWord run_word(const Outcome& outcome, Subject program) {
  return word_of(outcome, program != nullptr ? *program : ProgramOutcome{});
}

MaybeWord observed_words(const Outcome& outcome, Subject program) {
  return observed_word(outcome, program != nullptr ? *program : ProgramOutcome{});
}

constexpr std::string_view kObserved = "observed";
constexpr std::string_view kSingle = "observed.";

/// The gravest of all its relocations stands for the program.
MaybeWord relocations_word(const Outcome& outcome, Subject program) {
  if (program == nullptr)
    return without_program(outcome) ? MaybeWord(kNoRelocations) : std::nullopt;
  const auto result = gravest(program->relocations);
  if (!result && !has_relocation_records(outcome)) {
    // The loader counted some, but not for which program.
    const RelocateOutcome& all = outcome.relocate;
    if (all.applied.value_or(0) + all.skipped.value_or(0) + all.poisoned.value_or(0) > 0) return {};
  }
  return std::string(result ? to_string(*result) : kNoRelocations);
}

/// How a field of a rule is read from an outcome; a cause also needs what is known of the kernel
/// too. A field that is not here is not known.
struct FieldReader {
  std::string_view field;
  MaybeWord (*read)(const Outcome&, Subject);
};
constexpr FieldReader kReaders[] = {
    {"end", end_word},
    {"open", open_word},
    {"app", app_word},
    {"maps", maps_word},
    {"relocate", relocate_word},
    {"load", load_word},
    {"attach", attach_word},
    {"fired", run_word<fired_word>},
    {"arguments", run_word<arguments_word>},
    {kObserved, observed_words},
    {kRelocations, relocations_word},
};

bool contains(const AllowedWords& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The machine ended otherwise than expected: whatever the record says beside, it is cut short.
void judge_end(const Outcome& outcome, const std::string& name, const AllowedWords& wanted,
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

/// A value that was read wrong passes only where a rule speaks of it.
void judge_wrong_reads(const Outcome& outcome, const ProgramOutcome& program,
                       const ExpectationRule& rule, CellVerdict& verdict) {
  if (rule.allowed.contains(std::string(kObserved))) return;
  for (const std::string& name : wrong_reads(outcome, program)) {
    const std::string field = std::string(kSingle) + name;
    if (rule.allowed.contains(field)) continue;
    verdict.mismatches.push_back({program.name, field, {"right"}, "wrong", rule.because});
  }
}

/// A program that was loaded with skipped relocations passes only where a rule says that it
/// is to be so.
void judge_skipped(const Outcome& outcome, const ProgramOutcome& program,
                   const ExpectationRule& rule, CellVerdict& verdict) {
  if (rule.allowed.contains(std::string(kRelocations))) return;
  if (!loaded_with_skipped_relocations(outcome, program)) return;
  const auto& all = program.relocations;
  const auto skipped = std::find_if(all.begin(), all.end(), [](const RelocationRecord& record) {
    return record.result == RelocationResult::skipped;
  });
  const std::string because =
      skipped == all.end() ? "the loader skipped relocations"
                           : fmt::format("loaded, and '{}' still has the compiler's value: {}",
                                         skipped->local, skipped->reason);
  verdict.mismatches.push_back(
      {program.name, std::string(kRelocations), {"not skipped"}, "skipped", because});
}

/// What the cross-check of a relocation disagrees on is not known.
void judge_cross_checks(const ProgramOutcome& program, CellVerdict& verdict) {
  for (const RelocationRecord& record : program.relocations) {
    if (record.cross_check != CrossCheck::disagrees) continue;
    verdict.doubts.push_back(
        {program.name, fmt::format("the cross-check of relocation {} ({}) disagrees: {}",
                                   record.index, record.local, record.cross_check_note)});
  }
}

/// Why the kernel was not asked; nothing: it was.
std::optional<Cause> unasked_cause(const Outcome& outcome, Subject program,
                                   const KernelFacts* kernel) {
  if (program == nullptr) return std::nullopt;
  const std::optional<Diagnosis> diagnosis = diagnose_program(outcome, *program, kernel);
  if (!diagnosis || !leaves_kernel_unasked(diagnosis->cause)) return std::nullopt;
  return diagnosis->cause;
}

void judge_subject(const Outcome& outcome, Subject program,
                   const std::vector<ExpectationRule>& rules, const ConditionFacts& facts,
                   const KernelFacts* kernel, CellVerdict& verdict) {
  const std::string name = program != nullptr ? program->name : "";
  const Choice choice = choose_rule(rules, name, facts);
  if (choice.rule == nullptr) return verdict.doubts.push_back({name, choice.doubt});

  const ExpectationRule& rule = *choice.rule;
  const auto end = rule.allowed.find("end");
  const AllowedWords ends = end != rule.allowed.end() ? end->second : AllowedWords{"completed"};
  if (!contains(ends, to_string(outcome.end))) {
    return judge_end(outcome, name, ends, rule, verdict);
  }
  if (program != nullptr) judge_skipped(outcome, *program, rule, verdict);
  const std::optional<Cause> unasked = unasked_cause(outcome, program, kernel);
  for (const auto& [field, wanted] : rule.allowed) {
    const MaybeWord got = outcome_word(field, outcome, program, kernel);
    if (got && !contains(wanted, *got) && unasked && (field == "load" || field == "attach")) {
      verdict.doubts.push_back({name, fmt::format("{}: {}", field, short_text(*unasked))});
      continue;
    }
    if (!got) verdict.doubts.push_back({name, fmt::format("not known: '{}'", field)});
    if (got && !contains(wanted, *got)) {
      verdict.mismatches.push_back({name, field, wanted, *got, rule.because});
    }
  }
  if (program != nullptr) judge_wrong_reads(outcome, *program, rule, verdict);
}

bool serves(const ProgramOutcome& program) {
  return program.load.stage.result == StageResult::ok && !program.attach.stage.failed();
}

/// It does not serve, and another way is taken here.
bool is_served(const ProgramOutcome& program, const std::vector<OneOf>& groups,
               const Outcome& outcome) {
  if (outcome.end != End::completed || serves(program)) return false;
  return std::any_of(groups.begin(), groups.end(), [&](const OneOf& group) {
    return contains(group, program.name) && serving(group, outcome) != nullptr;
  });
}

bool all_left_out(const Outcome& outcome) {
  const auto& all = outcome.programs;
  return !all.empty() && std::all_of(all.begin(), all.end(), [](const ProgramOutcome& program) {
    return program.left_out.value_or(false);
  });
}

/// "first:on_packet: EBUSY: the loader's words"
std::string words_for(const CompanionOutcome& other) {
  std::string words = other.object;
  if (!other.program.empty()) words += ":" + other.program;
  if (!other.stage.errno_name.empty()) words += ": " + other.stage.errno_name;
  if (!other.stage.message.empty()) words += ": " + other.stage.message;
  return words;
}

/// Why nobody has seen what an application comes to; empty: they have, or nothing was asked.
std::string unseen(const Outcome& outcome) {
  if (!outcome.app || !outcome.app->own) return "";
  const OwnOutcome& own = *outcome.app->own;
  if (own.said_ready == true || own.output_matched == true) return "";
  if (own.never_quiet == true) {
    return "it was still at work when half of its time was over, and was stopped: --timeout gives "
           "it longer, --app-ready (in a project, ready) says when it has come up";
  }
  const auto& all = outcome.programs;
  const auto attached = [](const ProgramOutcome& program) {
    return program.attach.stage.result == StageResult::ok;
  };
  const auto loaded = [](const ProgramOutcome& program) {
    return program.load.stage.result == StageResult::ok;
  };
  if (std::none_of(all.begin(), all.end(), loaded)) return "";
  if (std::any_of(all.begin(), all.end(), attached)) return "";
  if (outcome.app->stop_signal) {
    return "it was stopped before it had attached anything: --app-ready or --app-quiet (in a "
           "project, ready or quiet_ms) says when it has come up";
  }
  if (outcome.app->held == 0) {
    return "it ended by itself with nothing attached, and had let go of all that it had loaded: "
           "--expect-output (in a project, output) says what it is to come to";
  }
  return "";
}

void judge_groups(const Outcome& outcome, const std::vector<OneOf>& groups, CellVerdict& verdict) {
  if (outcome.end != End::completed) return;
  for (const OneOf& group : groups) {
    if (serving(group, outcome) == nullptr)
      verdict.mismatches.push_back({"", "one_of", group, "none", "one of them has to serve"});
  }
}

Verdict summary(const CellVerdict& verdict, End end) {
  if (!verdict.mismatches.empty()) return Verdict::unexpected;
  if (verdict.doubts.empty()) return Verdict::as_expected;
  return end == End::unavailable ? Verdict::unavailable : Verdict::unsure;
}

}  // namespace

Choice choose_rule(const std::vector<ExpectationRule>& rules, std::string_view program,
                   const ConditionFacts& facts) {
  for (const ExpectationRule& rule : rules) {
    if (!glob_match(rule.program, program)) continue;
    switch (rule.when.holds(facts)) {
      case Ternary::yes:
        return {&rule, ""};
      case Ternary::no:
        break;
      case Ternary::unknown:
        return {nullptr, fmt::format("not known whether '{}' holds", rule.when.text())};
    }
  }
  return {nullptr, std::string(kNoExpectation)};
}

std::optional<std::string> outcome_word(std::string_view field, const Outcome& outcome,
                                        const ProgramOutcome* program, const KernelFacts* kernel) {
  if (field == "cause") return cause_word(outcome, program, kernel);
  for (const FieldReader& reader : kReaders) {
    if (reader.field == field) return reader.read(outcome, program);
  }
  if (field.starts_with(kSingle)) {
    return observed_word(outcome, program != nullptr ? *program : ProgramOutcome{},
                         field.substr(kSingle.size()));
  }
  return std::nullopt;
}

const ProgramOutcome* serving(const OneOf& group, const Outcome& outcome) {
  for (const std::string& name : group) {
    for (const ProgramOutcome& program : outcome.programs) {
      if (program.name == name && serves(program)) return &program;
    }
  }
  return nullptr;
}

CellVerdict judge(const Outcome& outcome, const Expectations& expectations,
                  const ConditionFacts& facts, const KernelFacts* kernel) {
  const std::vector<ExpectationRule>& rules = expectations.rules;
  CellVerdict verdict;
  for (const ProgramOutcome& program : outcome.programs) {
    const bool left_out = program.left_out.value_or(false);
    if (left_out || is_served(program, expectations.one_of, outcome)) continue;
    judge_subject(outcome, &program, rules, facts, kernel, verdict);
    judge_cross_checks(program, verdict);
  }
  judge_groups(outcome, expectations.one_of, verdict);
  for (const std::string& what : outcome.not_set_up.value_or(std::vector<std::string>()))
    verdict.doubts.push_back({"", "not set up: " + what});
  for (const CompanionOutcome& other : outcome.beside.value_or(std::vector<CompanionOutcome>())) {
    if (other.stage.result == StageResult::ok) continue;
    verdict.doubts.push_back({"", "not there beside it: " + words_for(other)});
  }
  if (std::string why = unseen(outcome); !why.empty())
    verdict.doubts.push_back({"", std::move(why)});
  if (all_left_out(outcome)) verdict.doubts.push_back({"", "every program is left out here"});
  if (outcome.programs.empty()) judge_subject(outcome, nullptr, rules, facts, kernel, verdict);
  for (const std::string& difference : outcome.vm.flaky) {
    verdict.doubts.push_back({"", "attempts differ: " + difference});
  }
  const bool steady = outcome.vm.flaky.empty();
  verdict.verdict = steady ? summary(verdict, outcome.end) : Verdict::unsure;
  return verdict;
}

ConditionFacts condition_facts(const Outcome& outcome, const KernelFacts* kernel,
                               const Features* features) {
  ConditionFacts facts;
  facts.kernel = parse_kernel_version(outcome.kernel.release);
  facts.arch = outcome.kernel.arch;
  facts.btf = btf_at_hand(outcome.btf_source, outcome.kernel.btf_present);
  facts.loader = outcome.loader;
  return with_kernel_facts(std::move(facts), kernel, features);
}

ConditionFacts with_kernel_facts(ConditionFacts facts, const KernelFacts* kernel,
                                 const Features* features) {
  if (kernel == nullptr) return facts;
  facts.config = [kernel](const std::string& option) { return kernel->configured(option); };
  facts.symbol = [kernel](const std::string& name) { return kernel->symbol(name); };
  if (features == nullptr) return facts;
  facts.has = [kernel, features](const std::string& name) {
    return has_feature(name, *features, *kernel);
  };
  return facts;
}

std::string text_of(const Mismatch& mismatch) {
  return fmt::format("{}: wanted {}, got {}", mismatch.field, fmt::join(mismatch.wanted, " or "),
                     mismatch.got);
}

}  // namespace bpfmatrix
