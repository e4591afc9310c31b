// What the whole suite came to on every kernel, as ci/measure.sh kept it: real outcomes for tests.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "outcome/outcome_fields.h"

namespace bpfmatrix {

inline const std::vector<Outcome>& measured_outcomes() {
  static const Result<std::vector<Outcome>> outcomes =
      read_outcomes(BPFMATRIX_SOURCE_DIR "/ci/measured/outcomes.jsonl.gz");
  static const std::vector<Outcome> none;
  EXPECT_TRUE(outcomes) << outcomes.error().message;
  return outcomes ? *outcomes : none;
}

}  // namespace bpfmatrix
