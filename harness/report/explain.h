// Print all that is known of one cell, for a person.
#pragma once

#include <string>

#include "analysis/causes/features.h"
#include "matrix/run_spec.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// `run_dir` is only named in the text: where logs lie, and how to look closer. `features` is what
/// the advice is drawn from, `kernel` what is known of the kernel, `asked` what the run was asked
/// to do; nullptr: nothing.
std::string explain(const Outcome& outcome, const Features& features, const std::string& run_dir,
                    const KernelFacts* kernel = nullptr, const RunSpec* asked = nullptr);

}  // namespace bpfmatrix
