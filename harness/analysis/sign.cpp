#include "analysis/sign.h"

#include <algorithm>

#include "analysis/run_words.h"

namespace bpfmatrix {

namespace {

Sign sign_of_attached(const Outcome& outcome, const ProgramOutcome& program) {
  if (!wrong_reads(outcome, program).empty()) return Sign::wrong_reads;
  return fired_word(outcome, program) == "no" ? Sign::not_fired : Sign::attached;
}

}  // namespace

Sign sign_of(const Outcome& outcome, const ProgramOutcome* program) {
  switch (outcome.end) {
    case End::completed:
      break;
    case End::panicked:
      return Sign::panicked;
    case End::hung:
    case End::lost:
    case End::unavailable:
      return Sign::unknown;
  }
  if (program == nullptr && has_maps_alone(outcome)) {
    const bool made = std::none_of(outcome.maps.begin(), outcome.maps.end(),
                                   [](const MapOutcome& map) { return map.stage.failed(); });
    return made ? Sign::loaded : Sign::failed;
  }
  if (program == nullptr || program->load.stage.result == StageResult::failed) return Sign::failed;
  if (program->load.stage.result == StageResult::not_reached) {
    return left_untried(outcome, *program) ? Sign::not_tried : Sign::not_reached;
  }
  if (loaded_with_skipped_relocations(outcome, *program)) return Sign::loaded_skipped;
  switch (program->attach.stage.result) {
    case StageResult::ok:
      return sign_of_attached(outcome, *program);
    case StageResult::failed:
      return Sign::attach_failed;
    case StageResult::not_reached:
      return left_unattached(outcome, *program) ? Sign::not_attached : Sign::loaded;
  }
  return Sign::unknown;
}

}  // namespace bpfmatrix
