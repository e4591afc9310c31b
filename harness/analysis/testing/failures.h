// For tests: refusals of real kernels as outcomes, as testdata/cut_refusals.py cut them.
#pragma once

#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// All of them, one program each, or none if the object itself failed.
std::vector<Outcome> refusals();

/// "write_to_packet": the program, where the case has one for each symptom; else the case.
std::string symptom(const Outcome& refusal);
const ProgramOutcome& program_of(const Outcome& refusal);

}  // namespace bpfmatrix
