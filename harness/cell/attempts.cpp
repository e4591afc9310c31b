#include "cell/attempts.h"

#include <algorithm>
#include <utility>

#include "cell/steady.h"

namespace bpfmatrix {

bool worth_another_try(const Outcome& outcome) {
  return outcome.end == End::lost || outcome.end == End::hung;
}

bool needs_cold_check(const Outcome& outcome) {
  return outcome.end == End::panicked && outcome.vm.cloned;
}

Outcome settle(std::vector<Outcome> attempts) {
  std::vector<AttemptOutcome> ends;
  const Outcome* last = &attempts.back();
  const Outcome* before = nullptr;
  std::vector<std::string> flaky;
  for (const Outcome& outcome : attempts) {
    ends.push_back({outcome.vm.cloned, outcome.end, outcome.end_reason});
    if (outcome.end == End::lost) continue;
    if (before != nullptr) {
      for (std::string& text : differences(*before, outcome)) flaky.push_back(std::move(text));
    }
    before = last = &outcome;
  }
  Outcome settled = *last;
  if (ends.size() > 1) settled.vm.attempts = std::move(ends);
  settled.vm.flaky = std::move(flaky);
  return settled;
}

Outcome held_against(Outcome outcome, const Outcome& cold) {
  outcome.vm.cold_checked = true;
  outcome.vm.flaky = differences(outcome, cold);
  if (!outcome.vm.flaky.empty()) {
    outcome.vm.attempts = {{outcome.vm.cloned, outcome.end, outcome.end_reason},
                           {cold.vm.cloned, cold.end, cold.end_reason}};
  }
  return outcome;
}

}  // namespace bpfmatrix
