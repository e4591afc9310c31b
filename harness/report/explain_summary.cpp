#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/advice.h"
#include "analysis/causes/finding.h"
#include "report/explain_sections.h"
#include "report/explain_text.h"

namespace bpfmatrix {

namespace {

bool any_map_refused(const Outcome& outcome) {
  return std::any_of(outcome.maps.begin(), outcome.maps.end(),
                     [](const MapOutcome& map) { return map.stage.failed(); });
}

/// Which stage failed first on the program's way.
std::string_view refused_by(const Outcome& outcome, const ProgramOutcome* program) {
  if (outcome.open.failed()) return "open failed";
  if (outcome.relocate.stage.failed()) return "relocate failed";
  if (program != nullptr && program->load.stage.failed()) {
    return program->load.log_tail.empty() ? "load failed" : "rejected by the verifier";
  }
  if (program != nullptr && program->attach.stage.failed()) return "loaded, attach failed";
  if (any_map_refused(outcome)) return "its maps failed";
  return "";
}

/// Advice up to its first full thought: "bpf_loop came in 5.17 (e6f2dd0f8067)".
std::string_view first_thought(std::string_view advice) {
  return advice.substr(0, advice.find("; "));
}

/// In a sentence, or in as few words as a table has.
enum class Detail { sentence, words };

std::string failure_text(const Telling& told, const ProgramOutcome* program, Detail detail) {
  std::string text(refused_by(told.outcome, program));
  const Finding finding = find_cause(told.outcome, program, told.kernel);
  if (text.empty() || finding.sentence.empty()) return text;
  if (detail == Detail::words) return text + ": " + finding.words;
  text += ": " + finding.sentence;
  const std::string what_to_do = advice(told.outcome, program, told.features, told.kernel);
  if (!what_to_do.empty()) text += fmt::format("; {}", first_thought(what_to_do));
  return text;
}

/// What it did once it was in: attached, ran.
std::string success_text(const ProgramOutcome& program) {
  if (program.load.stage.result != StageResult::ok) return "not tried";
  if (program.attach.stage.result != StageResult::ok) return "loaded";
  if (!program.run.fired) return "loaded and attached";
  switch (*program.run.fired) {
    case 0:
      return "loaded and attached, did not fire";
    case 1:
      return "loaded, attached, fired once";
    default:
      return fmt::format("loaded, attached, fired {} times", *program.run.fired);
  }
}

std::string program_story(const Telling& told, const ProgramOutcome& program, Detail detail) {
  const std::string failure = failure_text(told, &program, detail);
  return failure.empty() ? success_text(program) : failure;
}

/// Programs with the same story are counted together, in the order of the object.
std::string programs_story(const Telling& told) {
  const std::vector<ProgramOutcome>& programs = told.outcome.programs;
  std::vector<std::pair<std::string, int>> stories;
  for (const ProgramOutcome& program : programs) {
    const std::string story = program_story(told, program, Detail::words);
    auto same = std::find_if(stories.begin(), stories.end(),
                             [&](const auto& other) { return other.first == story; });
    if (same == stories.end()) same = stories.insert(same, {story, 0});
    ++same->second;
  }
  if (stories.size() == 1) return program_story(told, programs.front(), Detail::sentence);
  std::vector<std::string> parts;
  for (const auto& [story, count] : stories)
    parts.push_back(fmt::format("{} of {} programs {}", count, programs.size(), story));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string wrong_names(const Outcome& outcome) {
  std::vector<std::string> names;
  for (const ObservedValue& value : outcome.observed) {
    if (value.result == ObservedResult::wrong) names.push_back(fmt::format("'{}'", value.name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Of programs that were loaded; where no program has a record of its relocations, all of them.
int skipped_in_loaded(const Outcome& outcome) {
  int skipped = 0;
  bool recorded = false;
  for (const ProgramOutcome& program : outcome.programs) {
    recorded = recorded || !program.relocations.empty();
    if (program.load.stage.result != StageResult::ok) continue;
    for (const RelocationRecord& record : program.relocations)
      skipped += record.result == RelocationResult::skipped ? 1 : 0;
  }
  return recorded ? skipped : outcome.relocate.skipped.value_or(0);
}

/// What an application's user asked of it, and it was not.
std::string app_text(const Outcome& outcome) {
  if (!outcome.app || !outcome.app->own) return "";
  const OwnOutcome& own = *outcome.app->own;
  if (own.said_ready == false) return "; it did not say that it has come up";
  return own.output_matched == false ? "; its output is not as wanted" : "";
}

/// What a load that went well does not show: offsets left as compiled, values that are not true.
std::string but_text(const Outcome& outcome) {
  std::string text;
  if (const int skipped = skipped_in_loaded(outcome); skipped > 0) {
    text += fmt::format("; {} relocations were skipped, so its reads cannot be trusted", skipped);
  }
  text += app_text(outcome);
  if (const std::string wrong = wrong_names(outcome); !wrong.empty())
    text += fmt::format("; what it read is wrong: {}", wrong);
  return text;
}

std::string story(const Telling& told) {
  const Outcome& outcome = told.outcome;
  if (outcome.end == End::panicked) return "the kernel panicked: " + outcome.end_reason;
  if (outcome.end != End::completed)
    return fmt::format("not conclusive: {}", find_cause(outcome, nullptr, told.kernel).sentence);
  if (!outcome.programs.empty()) return programs_story(told) + but_text(outcome);
  const std::string failure = failure_text(told, nullptr, Detail::sentence);
  return failure.empty() ? "opened; it has no programs" : failure;
}

}  // namespace

/// A loader's message may have more lines.
std::string explain_summary(const Telling& told) {
  const std::string whole = story(told);
  const std::size_t end = std::min(whole.find('\n'), whole.size());
  const std::string_view more = std::string_view(whole).substr(std::min(end + 1, whole.size()));
  return whole.substr(0, end) + "\n" + quoted(more, "  ") + "\n";
}

}  // namespace bpfmatrix
