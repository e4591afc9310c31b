// The outcomes of a run, made anew from its transcripts with today's rules. No guest, no network.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "outcome/outcome.h"
#include "run/objects/object_finder.h"
#include "run/run.h"

namespace bpfmatrix {

struct DerivedRun {
  /// In the order in which the run had them; cells without an outcome so far come last.
  std::vector<Outcome> outcomes{};
  /// Cells whose object, case, kernel or BTF is gone or has changed: what needs it is left open.
  std::vector<std::string> incomplete{};
};

/// `find_kernel` looks at what is here; `objects` may compile. `known` are the run's outcomes so
/// far, which say which kernel facts each cell had; may be empty. Error: a transcript cannot be
/// read.
Result<DerivedRun> derive_run(const std::filesystem::path& run_dir,
                              const std::vector<Outcome>& known, const RunInput& input,
                              const std::function<Result<Kernel>(const std::string&)>& find_kernel,
                              ObjectFinder& objects, int jobs);

}  // namespace bpfmatrix
