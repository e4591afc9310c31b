// For tests: failures of real kernels as outcomes, as testdata/cut_failures.py cut them.
#pragma once

#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// All of them, one program each, or none if the object itself failed.
std::vector<Outcome> failures();

/// "write_to_packet": the program, where the case has one for each symptom; else the case.
std::string symptom(const Outcome& failure);
const ProgramOutcome& program_of(const Outcome& failure);

}  // namespace bpfmatrix
