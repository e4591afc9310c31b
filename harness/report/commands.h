// Commands of bpfmatrix as reports name them, for a shell: whatever is in a path or a name, it
// stays one word.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "matrix/run_spec.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// "bpfmatrix explain RUN CELL"; with a program: what prints its whole verifier log.
std::string explain_command(std::string_view run_dir, std::string_view cell,
                            std::string_view program = "");

/// "bpfmatrix run --kernel ... --case ...": runs one cell of a run again.
class RunAgain {
 public:
  /// `asked` is what the run was asked to do, and outlives this; nullptr: it is not known, and what
  /// an outcome itself does not say is left out.
  explicit RunAgain(const RunSpec* asked);

  /// With every option of the run that mattered to the cell: kernel and object by their paths, BTF,
  /// the loader with its arguments, environment and patience, accelerator, timeouts, isolation.
  std::string command(const Outcome& outcome) const;

 private:
  const RunSpec* asked_;
  /// Of --object, by the id of its case.
  std::map<std::string, std::string> objects_{};
};

}  // namespace bpfmatrix
