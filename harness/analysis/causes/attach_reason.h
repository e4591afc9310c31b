// Why a program could not be attached, by what the kernel knows of the names in question. Facts
// decide; a version is named as background only.
#pragma once

#include <string>

#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// One or two sentences; empty where the program was attached, where it never came to that for
/// other reasons, or where the facts explain nothing. `kernel` may be nullptr.
std::string attach_reason(const Outcome& outcome, const ProgramOutcome& program,
                          const KernelFacts* kernel);

}  // namespace bpfmatrix
