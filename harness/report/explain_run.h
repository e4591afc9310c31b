// What came of programs while they were attached, for a reader.
#pragma once

#include <string>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// Lines for `explain`: what the trigger did, and each observed value beside its truth. Empty where
/// nothing was triggered or observed.
std::string trigger_text(const Outcome& outcome);

/// Lines about one program: how often it ran, by whose count, and how it took a system call's
/// arguments. Empty for a program that was not attached.
std::string run_text(const Outcome& outcome, const ProgramOutcome& program);

}  // namespace bpfmatrix
