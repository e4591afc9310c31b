// A kernel as the html report has it: where its column stands, and what it is.
#pragma once

#include <string>

#include "analysis/causes/features.h"
#include "base/json.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// `outcome` is one on it; nullptr: nothing is known but its id, and there is no `origin`.
/// `kernels` and `features` may be nullptr: then it is not said where it is not as its version
/// says.
OrderedJson html_kernel(const std::string& id, const Outcome* outcome, RunKernels* kernels,
                        const Features* features);

}  // namespace bpfmatrix
