#include "repro/behaviour.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "analysis/causes/classify.h"
#include "analysis/run_words.h"
#include "analysis/sign.h"
#include "cell/differences.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxDetails = 5;
constexpr std::string_view kAbsent = "none";
/// What differs from nothing.
constexpr std::string_view kNotKnown = "not known";

/// A panic's first line, without what is another number each time: "BUG: unable to handle page
/// fault for address: #".
std::string without_numbers(std::string_view text) {
  std::string plain;
  std::string word;
  const auto end_word = [&] {
    const bool number =
        std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    plain += number ? "#" : word;
    word.clear();
  };
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    end_word();
    plain += c;
  }
  end_word();
  return plain;
}

std::string text_of(const StageOutcome& stage) {
  std::string text(to_string(stage.result));
  if (stage.failed() && !stage.errno_name.empty()) text += ", " + stage.errno_name;
  return text;
}

/// One that a kernel has no other value for than the compiler's is as good as one that was put in.
std::string_view text_of(RelocationResult result) {
  return result == RelocationResult::unchanged ? to_string(RelocationResult::resolved)
                                               : to_string(result);
}

std::string text_of(const AppOutcome& app) {
  if (app.stop_signal) return "stopped";
  if (app.signal) return fmt::format("ended by signal {}", *app.signal);
  return app.exit_code ? fmt::format("exit code {}", *app.exit_code) : "unknown";
}

class Description {
 public:
  Description(const Outcome& outcome, const KernelFacts* facts)
      : outcome_(outcome), facts_(facts) {}

  Behaviour describe() {
    const bool panicked = outcome_.end == End::panicked;
    add("end", panicked ? fmt::format("panicked, {}", without_numbers(outcome_.end_reason))
                        : std::string(to_string(outcome_.end)));
    add("open", text_of(outcome_.open) + object_cause());
    add("relocate", text_of(outcome_.relocate.stage));
    for (const MapOutcome& map : outcome_.maps)
      add(fmt::format("map '{}'", map.name), text_of(map.stage));
    for (const ProgramOutcome& program : outcome_.programs) describe(program);
    for (const ObservedValue& value : outcome_.observed)
      add(fmt::format("value '{}'", value.name), std::string(to_string(value.result)));
    if (outcome_.app) add("application", text_of(*outcome_.app));
    add("the kernel complained", complaints());
    return std::move(behaviour_);
  }

 private:
  void add(std::string what, std::string is) {
    behaviour_.emplace_back(std::move(what), std::move(is));
  }

  std::string cause_of(const ProgramOutcome& program) const {
    if (outcome_.end != End::completed) return "";
    const std::optional<Diagnosis> diagnosis = diagnose_program(outcome_, program, facts_);
    return diagnosis ? fmt::format(", {}", to_string(diagnosis->cause)) : "";
  }
  std::string complaints() const {
    const std::optional<std::vector<std::string>> names = complaints_of(outcome_);
    if (!names) return std::string(kNotKnown);
    return names->empty() ? std::string(kAbsent) : fmt::format("{}", fmt::join(*names, "; "));
  }
  std::string object_cause() const { return outcome_.open.failed() ? cause_of({}) : ""; }

  void describe(const ProgramOutcome& program) {
    const std::string name = fmt::format("program '{}'", program.name);
    add(name, std::string(to_string(sign_of(outcome_, &program))) + cause_of(program));
    for (const RelocationRecord& one : program.relocations) {
      add(fmt::format("{}: relocation of '{}' ({}) in '{}' at {}", name, one.local, one.kind,
                      one.function, one.insn),
          std::string(text_of(one.result)));
    }
    add(name + ": load", text_of(program.load.stage));
    add(name + ": attach", text_of(program.attach.stage));
    add(name + ": fired", fired_word(outcome_, program).value_or("unknown"));
  }

  const Outcome& outcome_;
  const KernelFacts* facts_;
  Behaviour behaviour_{};
};

/// By name; the first counts, should a hostile record have two programs of one name.
using ByName = std::map<std::string_view, std::string_view>;

std::string_view value_in(const ByName& behaviour, const std::string& what) {
  const auto found = behaviour.find(what);
  return found == behaviour.end() ? kAbsent : found->second;
}

bool is_no_answer(const Outcome& outcome, const Outcome& recorded) {
  switch (outcome.end) {
    case End::completed:
    case End::panicked:
      return false;
    case End::hung:
      return recorded.end != End::hung;
    case End::lost:
    case End::unavailable:
      return true;
  }
  return true;
}

/// What is not the same and decides nothing. Of another kernel that would be everything.
void add_details(const Outcome& recorded, Outcome now, Replay& replay) {
  if (now.kernel.id != recorded.kernel.id || now.kernel.btf_sha256 != recorded.kernel.btf_sha256)
    return;
  now.kernel = recorded.kernel;
  const std::vector<std::string> details = differences(recorded, now);
  for (std::size_t i = 0; i < std::min(details.size(), kMaxDetails); ++i)
    replay.notes.push_back("not the same, and decides nothing: " + details[i]);
  if (details.size() > kMaxDetails)
    replay.notes.push_back(fmt::format("... and {} more", details.size() - kMaxDetails));
}

}  // namespace

Behaviour behaviour_of(const Outcome& outcome, const KernelFacts* facts) {
  return Description(outcome, facts).describe();
}

std::vector<std::string> differences(const Behaviour& recorded, const Behaviour& now) {
  const ByName before(recorded.begin(), recorded.end());
  const ByName after(now.begin(), now.end());
  std::vector<std::string> found;
  for (const auto& [what, is] : now) {
    const std::string_view was = value_in(before, what);
    if (is != was && is != kNotKnown && was != kNotKnown)
      found.push_back(fmt::format("{}: {}, was {}", what, is, was));
  }
  for (const auto& [what, was] : recorded) {
    if (!after.contains(what)) found.push_back(fmt::format("{}: {}, was {}", what, kAbsent, was));
  }
  return found;
}

Replay compare_replay(const std::vector<CellAnswer>& recorded, const std::vector<CellAnswer>& now) {
  Replay replay;
  std::vector<Behaviour> before;
  for (const CellAnswer& answer : recorded)
    before.push_back(behaviour_of(answer.outcome, answer.facts));
  if (now.size() > 1) replay.notes.push_back("flaky here: its attempts differ");
  for (const CellAnswer& answer : now) {
    if (is_no_answer(answer.outcome, recorded.front().outcome)) {
      if (replay.why.empty()) {
        replay.why =
            fmt::format("{}: {}", to_string(answer.outcome.end), answer.outcome.end_reason);
      }
      continue;
    }
    const Behaviour behaviour = behaviour_of(answer.outcome, answer.facts);
    for (std::size_t i = 0; i < before.size(); ++i) {
      std::vector<std::string> found = differences(before[i], behaviour);
      if (found.empty()) {
        replay.result = Reproduced::reproduced;
        replay.differences.clear();
        replay.why.clear();
        if (recorded.size() > 1) {
          replay.notes.push_back(
              fmt::format("flaky when it was recorded: this is the answer of attempt {} of {}",
                          i + 1, recorded.size()));
        }
        add_details(recorded[i].outcome, answer.outcome, replay);
        return replay;
      }
      if (replay.result == Reproduced::unavailable) replay.differences = std::move(found);
      replay.result = Reproduced::different;
    }
  }
  if (replay.result == Reproduced::different) replay.why.clear();
  return replay;
}

}  // namespace bpfmatrix
