// For fuzz targets: an outcome that is read as it was written.
#pragma once

#include <string>

#include "base/testing/fuzz_target.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

inline void require_readable(const Outcome& outcome) {
  const std::string line = to_line(outcome);
  const Result<Json> json = parse_json(line, "outcome");
  require(json.has_value(), "an outcome is written as JSON");
  const Result<Outcome> again = outcome_from_json(*json, "outcome");
  require(again && to_line(*again) == line, "an outcome is read as it was written");
}

}  // namespace bpfmatrix
