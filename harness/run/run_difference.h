// What two runs of the same cells must have in common.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

struct RunRecord {
  /// Where transcripts and kernel facts lie.
  std::filesystem::path dir{};
  std::vector<Outcome> outcomes{};
};

/// What of `run` is not as in `other`, a line each: cells that are missing, too many or there
/// twice; what a cell came to (cell/differences.h says what may change); what its kernel was found
/// to be; and transcripts of `run` that are not there. Empty: the same.
std::vector<std::string> run_differences(const RunRecord& run, const RunRecord& other);

}  // namespace bpfmatrix
